/* The folder of a file, on disk. */
#ifndef UVLAB_SWEEP_FOLDER_H
#define UVLAB_SWEEP_FOLDER_H

/* Synchronises the folder that `path` is in, as far as that can be done. */
void folder_sync(const char *path);

#endif
