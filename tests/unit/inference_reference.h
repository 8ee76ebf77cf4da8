/* What SciPy 1.10.1 and NumPy 1.24.2 make of fixed data: written by
 * tests/unit/reference/make-inference, which says more. */
#ifndef UVLAB_TESTS_INFERENCE_REFERENCE_H
#define UVLAB_TESTS_INFERENCE_REFERENCE_H

#include <math.h>

#include "analysis/inference.h"

/* Its values; or, values being NULL, x^power / bound^(power - 1) + shift, x being drawn below
 * bound. */
struct reference_sample {
    const double *values;
    size_t count;
    uint64_t seed, bound, shift;
    unsigned power;
};

/* The rank, from 1, of the lower end of the median's interval, for each confidence; 0: there is
 * none. */
static const double reference_confidences[] = {0.5, 0.9, 0.95, 0.99, 0.999};
struct reference_rank {
    size_t count, ranks[5];
};

struct reference_median {
    int sample;
    double median;
    struct interval interval; /* at 95 % */
};

struct reference_test {
    int a, b;
    double u, p;
    bool exact;
};

struct reference_bootstrap {
    int a, b;
    double confidence;
    unsigned resamples;
    uint64_t seed;
    struct interval ratio, difference;
};

/* clang-format off */
enum reference_name {
    ONE,
    OTHER,
    TWO,
    THREE,
    FIVE,
    SIX,
    EIGHT,
    EIGHT_APART,
    NINE,
    TEN,
    TEN_SLOWER,
    TIED,
    TIED_MORE,
    SAME,
    SAME_SIX,
    ZEROS,
    AROUND_ZERO,
    BELOW_ZERO,
    SMALL,
    LARGE,
    MADE_20,
    MADE_SKEWED_21,
    MADE_8,
    MADE_100,
    MADE_200,
    MADE_1001,
    MADE_1500,
    MADE_TIED_2000,
    MADE_TIED_3001,
    MADE_5000,
    MADE_20000,
    MADE_100000,
};
static const double one_values[] = {3.5};
static const double other_values[] = {4.25};
static const double two_values[] = {10.0, 12.5};
static const double three_values[] = {7.0, 1.0, 4.0};
static const double five_values[] = {103.5, 99.25, 101.0, 98.75, 100.5};
static const double six_values[] = {102.5, 97.0, 104.75, 105.25, 99.5, 110.0};
static const double eight_values[] = {15.1, 12.2, 19.3, 11.4, 14.5, 18.6, 13.7, 16.8};
static const double eight_apart_values[] = {115.1, 112.2, 119.3, 111.4, 114.5, 118.6, 113.7, 116.8};
static const double nine_values[] = {14.15, 12.25, 21.35, 11.45, 17.55, 18.65, 13.75, 20.85, 22.95};
static const double ten_values[] = {12.31, 11.87, 12.02, 11.95, 12.76, 12.11, 11.99, 14.2, 12.05, 11.9};
static const double ten_slower_values[] = {12.9, 12.61, 12.55, 12.72, 12.58, 13.41, 12.67, 12.64, 12.8, 12.49};
static const double tied_values[] = {3.0, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 1.0, 2.0, 4.0, 3.0, 2.0};
static const double tied_more_values[] = {4.0, 3.0, 2.0, 4.0, 5.0, 3.0, 3.0, 4.0};
static const double same_values[] = {7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0};
static const double same_six_values[] = {7.0, 7.0, 7.0, 7.0, 7.0, 7.0};
static const double zeros_values[] = {0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0};
static const double around_zero_values[] = {-3.0, 2.0, -1.0, 4.0, 1.0, -2.0};
static const double below_zero_values[] = {-13.5, -12.0, -11.25, -14.0, -12.75};
static const double small_values[] = {3.1e-300, 2.9e-300, 3.3e-300, 3e-300, 2.8e-300, 3.2e-300};
static const double large_values[] = {3.1e+300, 2.9e+300, 3.3e+300, 3e+300, 2.8e+300, 3.2e+300};
static const struct reference_sample reference_samples[] = {
    [ONE] = {.values = one_values, .count = 1},
    [OTHER] = {.values = other_values, .count = 1},
    [TWO] = {.values = two_values, .count = 2},
    [THREE] = {.values = three_values, .count = 3},
    [FIVE] = {.values = five_values, .count = 5},
    [SIX] = {.values = six_values, .count = 6},
    [EIGHT] = {.values = eight_values, .count = 8},
    [EIGHT_APART] = {.values = eight_apart_values, .count = 8},
    [NINE] = {.values = nine_values, .count = 9},
    [TEN] = {.values = ten_values, .count = 10},
    [TEN_SLOWER] = {.values = ten_slower_values, .count = 10},
    [TIED] = {.values = tied_values, .count = 12},
    [TIED_MORE] = {.values = tied_more_values, .count = 8},
    [SAME] = {.values = same_values, .count = 9},
    [SAME_SIX] = {.values = same_six_values, .count = 6},
    [ZEROS] = {.values = zeros_values, .count = 7},
    [AROUND_ZERO] = {.values = around_zero_values, .count = 6},
    [BELOW_ZERO] = {.values = below_zero_values, .count = 5},
    [SMALL] = {.values = small_values, .count = 6},
    [LARGE] = {.values = large_values, .count = 6},
    [MADE_20] = {.seed = 20, .count = 20, .bound = 1048576u, .shift = 5000, .power = 1},
    [MADE_SKEWED_21] = {.seed = 21, .count = 21, .bound = 262144u, .shift = 1000, .power = 3},
    [MADE_8] = {.seed = 8, .count = 8, .bound = 1099511627776u, .shift = 0, .power = 1},
    [MADE_100] = {.seed = 100, .count = 100, .bound = 1099511627776u, .shift = 0, .power = 1},
    [MADE_200] = {.seed = 200, .count = 200, .bound = 1099511627776u, .shift = 0, .power = 1},
    [MADE_1001] = {.seed = 1001, .count = 1001, .bound = 1048576u, .shift = 1000000, .power = 3},
    [MADE_1500] = {.seed = 1500, .count = 1500, .bound = 1048576u, .shift = 1040000, .power = 3},
    [MADE_TIED_2000] = {.seed = 2000, .count = 2000, .bound = 20u, .shift = 1, .power = 1},
    [MADE_TIED_3001] = {.seed = 3001, .count = 3001, .bound = 21u, .shift = 1, .power = 1},
    [MADE_5000] = {.seed = 5000, .count = 5000, .bound = 4503599627370496u, .shift = 0, .power = 1},
    [MADE_20000] = {.seed = 20000, .count = 20000, .bound = 1048576u, .shift = 1000000, .power = 3},
    [MADE_100000] = {.seed = 100000, .count = 100000, .bound = 1048576u, .shift = 1001000, .power = 3},
};
static const struct reference_rank reference_ranks[] = {
    {1, {0, 0, 0, 0, 0}},
    {2, {1, 0, 0, 0, 0}},
    {3, {1, 0, 0, 0, 0}},
    {4, {1, 0, 0, 0, 0}},
    {5, {2, 1, 0, 0, 0}},
    {6, {2, 1, 1, 0, 0}},
    {7, {3, 1, 1, 0, 0}},
    {8, {3, 2, 1, 1, 0}},
    {9, {3, 2, 2, 1, 0}},
    {10, {4, 2, 2, 1, 0}},
    {11, {4, 3, 2, 1, 1}},
    {12, {5, 3, 3, 2, 1}},
    {15, {6, 4, 4, 3, 2}},
    {19, {8, 6, 5, 4, 3}},
    {20, {8, 6, 6, 4, 3}},
    {25, {11, 8, 8, 6, 5}},
    {30, {13, 11, 10, 8, 6}},
    {50, {23, 19, 18, 16, 14}},
    {71, {33, 29, 27, 25, 22}},
    {99, {46, 41, 40, 37, 33}},
    {100, {47, 42, 40, 37, 34}},
    {500, {242, 232, 228, 221, 213}},
    {1001, {490, 474, 470, 460, 448}},
    {4999, {2476, 2441, 2430, 2408, 2383}},
    {10000, {4966, 4918, 4902, 4871, 4835}},
    {123457, {61610, 61440, 61384, 61276, 61150}},
    {999999, {499662, 499177, 499020, 498712, 498354}},
    {1000000, {499663, 499178, 499020, 498712, 498355}},
};
static const struct reference_median reference_medians[] = {
    {ONE, 3.5, {NAN, NAN, false}},
    {OTHER, 4.25, {NAN, NAN, false}},
    {TWO, 11.25, {NAN, NAN, false}},
    {THREE, 4.0, {NAN, NAN, false}},
    {FIVE, 100.5, {NAN, NAN, false}},
    {SIX, 103.625, {97.0, 110.0, true}},
    {EIGHT, 14.8, {11.4, 19.3, true}},
    {EIGHT_APART, 114.8, {111.4, 119.3, true}},
    {NINE, 17.55, {12.25, 21.35, true}},
    {TEN, 12.035, {11.9, 12.76, true}},
    {TEN_SLOWER, 12.655000000000001, {12.55, 12.9, true}},
    {TIED, 2.5, {2.0, 3.0, true}},
    {TIED_MORE, 3.5, {2.0, 5.0, true}},
    {SAME, 7.0, {7.0, 7.0, true}},
    {SAME_SIX, 7.0, {7.0, 7.0, true}},
    {ZEROS, 0.0, {0.0, 5.0, true}},
    {AROUND_ZERO, 0.0, {-3.0, 4.0, true}},
    {BELOW_ZERO, -12.75, {NAN, NAN, false}},
    {SMALL, 3.05e-300, {2.8e-300, 3.3e-300, true}},
    {LARGE, 3.0500000000000003e+300, {2.8e+300, 3.3e+300, true}},
    {MADE_20, 422640.5, {326981.0, 798072.0, true}},
    {MADE_SKEWED_21, 49456.0, {14118.0, 141056.0, true}},
    {MADE_8, 555578456930.5, {35811672080.0, 1088296535242.0, true}},
    {MADE_100, 605904854549.5, {439026699880.0, 706511743844.0, true}},
    {MADE_200, 558978969311.5, {475644346057.0, 623390479321.0, true}},
    {MADE_1001, 1161227.0, {1130280.0, 1182660.0, true}},
    {MADE_1500, 1180009.0, {1157239.0, 1202145.0, true}},
    {MADE_TIED_2000, 10.0, {10.0, 11.0, true}},
    {MADE_TIED_3001, 11.0, {11.0, 11.0, true}},
    {MADE_5000, 2269043290363103.5, {2217890336148424.0, 2330081047417188.0, true}},
    {MADE_20000, 1131481.5, {1126197.0, 1137411.0, true}},
    {MADE_100000, 1131909.0, {1129438.0, 1134273.0, true}},
};
static const struct reference_test reference_tests[] = {
    {ONE, OTHER, 0.0, 1.0, true},
    {ONE, EIGHT, 0.0, 0.2222222222222222, true},
    {TWO, FIVE, 0.0, 0.09523809523809523, true},
    {THREE, FIVE, 0.0, 0.03571428571428571, true},
    {FIVE, SIX, 9.0, 0.32900432900432897, true},
    {SIX, FIVE, 21.0, 0.32900432900432897, true},
    {EIGHT, EIGHT_APART, 0.0, 0.0001554001554001554, true},
    {EIGHT, NINE, 26.0, 0.37038255861785274, true},
    {NINE, TEN, 75.0, 0.01601099081051716, false},
    {FIVE, MADE_100, 0.0, 2.0712371787570685e-08, true},
    {EIGHT, MADE_20, 0.0, 6.434789043484695e-07, true},
    {EIGHT, MADE_100, 0.0, 5.681404514704238e-12, true},
    {MADE_8, MADE_200, 869.0, 0.686965497174223, true},
    {MADE_100, MADE_8, 379.0, 0.8134406883261718, true},
    {MADE_8, MADE_5000, 4.0, 2.4594986052539533e-24, true},
    {MADE_5000, THREE, 15000.0, 9.588489593092621e-11, true},
    {THREE, MADE_1001, 0.0, 0.0027622436887723228, false},
    {MADE_SKEWED_21, SIX, 126.0, 6.756528495658931e-06, true},
    {TEN, TEN_SLOWER, 17.0, 0.014019277113959953, false},
    {TEN_SLOWER, TEN, 83.0, 0.014019277113959953, false},
    {NINE, NINE, 40.5, 1.0, false},
    {TIED, TIED_MORE, 25.0, 0.0724375941460946, false},
    {TIED_MORE, TIED, 71.0, 0.0724375941460946, false},
    {SAME, SAME_SIX, 27.0, 1.0, false},
    {SAME, TIED, 108.0, 6.633019435863326e-05, false},
    {ZEROS, TIED, 11.5, 0.00928631023307439, false},
    {AROUND_ZERO, BELOW_ZERO, 30.0, 0.004329004329004329, true},
    {SMALL, LARGE, 0.0, 0.0021645021645021645, true},
    {MADE_20, MADE_SKEWED_21, 393.0, 1.9362188567715615e-06, false},
    {MADE_1001, MADE_1500, 638351.5, 2.1187858155108318e-10, false},
    {MADE_TIED_2000, MADE_TIED_3001, 2830105.5, 0.0006248094050549019, false},
    {MADE_20000, MADE_100000, 985267784.5, 0.0009869849825446695, false},
    {MADE_20000, TEN, 200000.0, 4.357978499105575e-08, false},
};
static const struct reference_bootstrap reference_bootstraps[] = {
    {TWO, THREE, 0.95, 1000, 1u, {0.08, 0.7, true}, {-11.5, -3.0, true}},
    {FIVE, SIX, 0.95, 4000, 2u, {0.9758454106280193, 1.0708955223880596, true}, {-2.5, 7.125, true}},
    {SIX, FIVE, 0.9, 4000, 2u, {0.9384436701509872, 1.015075376884422, true}, {-6.625, 1.5, true}},
    {TEN, TEN_SLOWER, 0.95, 10000, 3u, {1.0177347843611446, 1.0668067226890756, true}, {0.22000000000000242, 0.8000000000000007, true}},
    {TEN, TEN, 0.99, 10000, 4u, {0.9467025862068966, 1.0615640599001663, true}, {-0.680074999999999, 0.7400000000000002, true}},
    {TIED, TIED_MORE, 0.95, 4000, 5u, {1.0, 2.0, true}, {0.0, 2.0, true}},
    {SAME, SAME_SIX, 0.95, 1000, 6u, {1.0, 1.0, true}, {0.0, 0.0, true}},
    {BELOW_ZERO, FIVE, 0.95, 4000, 7u, {-8.933333333333334, -7.178571428571429, true}, {110.75, 116.25, true}},
    {SMALL, SMALL, 0.95, 1000, 8u, {0.9206349206349205, 1.1016949152542372, true}, {-2.500000000000003e-301, 2.9999999999999996e-301, true}},
    {SMALL, SIX, 0.95, 1000, 9u, {3.153846153846154e+301, 3.667105263157894e+301, true}, {98.25, 107.625, true}},
    {MADE_20, MADE_SKEWED_21, 0.95, 4000, 18446744073709551615u, {0.03603319579025453, 0.3218657016485726, true}, {-654432.7374999997, -254288.425, true}},
    {MADE_SKEWED_21, MADE_100, 0.8, 999, 10u, {5591214.7496335525, 21636103.821339678, true}, {475257390748.7999, 653747423812.0, true}},
    {MADE_1001, MADE_1500, 0.95, 10000, 11u, {0.9912095157072363, 1.050276089004468, true}, {-10338.074999999999, 57092.125, true}},
    {MADE_TIED_2000, MADE_TIED_3001, 0.95, 4000, 12u, {1.0, 1.1, true}, {0.0, 1.0, true}},
    {MADE_20000, MADE_100000, 0.999, 10000, 13u, {0.9914170268460416, 1.0091430548196858, true}, {-9785.697999999999, 10266.003250000002, true}},
    {EIGHT, NINE, 0.95, 1, 14u, {1.0446428571428572, 1.0446428571428572, true}, {0.75, 0.75, true}},
    {EIGHT, NINE, 0.95, 2, 18u, {1.2401701301667047, 1.4328602420643983, true}, {3.619999999999999, 6.280000000000001, true}},
    {ZEROS, FIVE, 0.95, 1000, 15u, {NAN, NAN, false}, {98.75, 103.5, true}},
    {AROUND_ZERO, FIVE, 0.95, 1000, 16u, {NAN, NAN, false}, {97.25, 104.5, true}},
    {ONE, FIVE, 0.95, 1000, 17u, {NAN, NAN, false}, {NAN, NAN, false}},
    {FIVE, ONE, 0.95, 1000, 17u, {NAN, NAN, false}, {NAN, NAN, false}},
};
/* clang-format on */

#endif
