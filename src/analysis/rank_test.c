/* The Mann-Whitney U test: of all pairs of a value of one sample and a value of the other, in how
 * many is the first the greater? If nothing distinguishes the samples, every order of all values is
 * equally likely, and that alone gives the distribution of the number: counted for small samples,
 * and near to a normal one for large ones (W. J. Conover, Practical Nonparametric Statistics,
 * section 5.1).
 *
 * Pure functions; memory is taken and given back within a call; any thread. */
#include <math.h>
#include <string.h>

#include "analysis/inference.h"
#include "base/mem.h"

enum { EXACT_SMALLER_MOST = 8 };

/* What the values have to say: U, and for the correction the sum of t^3 - t over all t values that
 * are equal (0: no two are). */
struct pairs {
    double u, ties;
};

/* Walks through both sorted samples, from one value to the next greater one. */
static struct pairs compare_samples(const double *a, size_t na, const double *b, size_t nb)
{
    struct pairs found = {0, 0};
    size_t i = 0, j = 0;

    while (i < na || j < nb) {
        double value = j == nb || (i < na && a[i] < b[j]) ? a[i] : b[j];
        size_t i_before = i, j_before = j;
        double of_a, of_b, equal;

        while (i < na && a[i] == value)
            i++;
        while (j < nb && b[j] == value)
            j++;
        of_a = (double)(i - i_before);
        of_b = (double)(j - j_before);
        equal = of_a + of_b;
        found.u += of_a * ((double)j_before + of_b / 2);
        found.ties += equal * (equal * equal - 1);
    }
    return found;
}

/* The probability that U is at most u, which is at most half of m n; without ties. In how many
 * orders U is k is the coefficient of q^k in a Gaussian binomial, the product over i = 1..m of
 * (1 - q^(n+i)) / (1 - q^i), and only those up to u are needed. What is counted are whole numbers,
 * exact up to 2^53 and rounded beyond. O(m u). */
static int probability_to(size_t u, size_t m, size_t n, double *probability, struct err *e)
{
    double *orders = mem_zeroed(u + 1, sizeof *orders);
    double all = 1, counted = 0;

    if (orders == NULL)
        return err_no_memory(e, "the rank test");
    orders[0] = 1;
    for (size_t i = 1; i <= m; i++) {
        for (size_t k = u; k >= n + i; k--)
            orders[k] -= orders[k - n - i];
        for (size_t k = i; k <= u; k++)
            orders[k] += orders[k - i];
        all = all * (double)(n + i) / (double)i;
    }
    for (size_t k = 0; k <= u; k++)
        counted += orders[k];
    mem_free(orders);
    *probability = counted / all;
    return 0;
}

/* Two-sided p of `greater`, the U of the sample for which it is the greater. */
static double normal_p(double greater, double ties, double na, double nb)
{
    double n = na + nb;
    double variance = na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
    double above = greater - na * nb / 2 - 0.5; /* the continuity correction */

    if (variance <= 0) /* all values are equal */
        return 1;
    return fmin(erfc(above / sqrt(2 * variance)), 1);
}

static int test_sorted(const double *a, size_t na, const double *b, size_t nb,
                       struct rank_test *out, struct err *e)
{
    struct pairs found = compare_samples(a, na, b, nb);
    size_t smaller = na < nb ? na : nb, larger = na < nb ? nb : na;
    double both = (double)na * (double)nb;
    struct rank_test result = {.u = found.u};

    if (found.ties > 0 || smaller > EXACT_SMALLER_MOST) {
        result.p = normal_p(fmax(found.u, both - found.u), found.ties, (double)na, (double)nb);
    } else {
        size_t u = (size_t)fmin(found.u, both - found.u);

        if (probability_to(u, smaller, larger, &result.p, e) < 0)
            return -1;
        result.p = fmin(2 * result.p, 1);
        result.exact = true;
    }
    *out = result;
    return 0;
}

int inference_rank_test(const double *a, size_t na, const double *b, size_t nb,
                        struct rank_test *out, struct err *e)
{
    double *sorted;
    int status;

    *out = (struct rank_test){.u = 0, .p = NAN, .exact = false};
    if (na == 0 || nb == 0)
        return 0;
    sorted = mem_alloc((na + nb) * sizeof *sorted);
    if (sorted == NULL)
        return err_no_memory(e, "the rank test");
    memcpy(sorted, a, na * sizeof *a);
    memcpy(sorted + na, b, nb * sizeof *b);
    inference_sort(sorted, na);
    inference_sort(sorted + na, nb);
    status = test_sorted(sorted, na, sorted + na, nb, out, e);
    mem_free(sorted);
    return status;
}
