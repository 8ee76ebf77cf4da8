/* Part of sweep_points.c: which runs of a point lie far off. */
#ifndef UVLAB_ANALYSIS_SWEEP_OUTLIERS_H
#define UVLAB_ANALYSIS_SWEEP_OUTLIERS_H

#include "analysis/sweep_points.h"

/* Fills outliers and outlier_count of a point whose value is known and whose values are in
 * p->scratch, sorted. Outliers of all points follow each other in p->outliers, of which *flagged
 * are taken. */
void sweep_outliers_find(struct sweep_points *p, struct sweep_point *point, uint32_t *flagged);

#endif
