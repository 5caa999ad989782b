/* toposcope.h: Vietoris-Rips persistent homology of point clouds and distance matrices.
 *
 * MIT licence. This header is the whole contract of libtoposcope.so, and its manual.
 *
 * The path of the data: points -> distances -> filtration -> persistence -> diagram.
 *
 *     tps_rips_options options;
 *     tps_rips_options_init(&options);
 *     tps_rips *result = NULL;
 *     tps_detail where;
 *     tps_status status = tps_rips_points(&points, NULL, &options, &result, &where);
 *     if (status != TPS_OK) { fprintf(stderr, "%s\n", tps_status_name(status)); return 1; }
 *     ... tps_rips_bars(result, 1, ...) ...
 *     tps_rips_free(result);
 *
 * Conventions
 *   - Every function that can fail returns a tps_status: TPS_OK (0), or the reason. Nothing is printed, no signal is
 *     raised, the process never ends. On failure outputs are untouched, except `detail`, and the matrix of
 *     tps_distances, which may hold a part where the call was cancelled or the neighbours did not allow scaling.
 *   - `detail` may be NULL. Otherwise it receives the place and value that gave the reason; see each status.
 *   - Inputs are borrowed for the call and never written to. Outputs are memory of the caller's.
 *   - Handles are opaque. Every handle has one free function, which takes NULL.
 *   - Functions are safe to call from several threads; one handle may be read from several threads.
 *   - Distances and filtration values are IEEE single precision; double input is computed in double and rounded once.
 */
#ifndef TOPOSCOPE_H
#define TOPOSCOPE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TPS_VERSION_MAJOR 0
#define TPS_VERSION_MINOR 1
#define TPS_VERSION_PATCH 0

/* ---------------------------------------------------------------------------------------------- status ---------- */

/* Why a call failed. The numbers are frozen: new reasons get new numbers. */
typedef int32_t tps_status;

/* The statuses. Words such as `row` and `value` are what tps_detail then holds. */
enum {
  TPS_OK = 0,
  TPS_ERROR_NULL_POINTER = 1,        /* a pointer that must not be NULL is NULL */
  TPS_ERROR_SHAPE = 2,               /* a size is negative or too large: value */
  TPS_ERROR_ELEMENT_TYPE = 3,        /* none of TPS_FLOAT32, TPS_FLOAT64: value */
  TPS_ERROR_NOT_FINITE = 4,          /* a coordinate is NaN or infinite, a distance is NaN: row, column, value */
  TPS_ERROR_NEGATIVE_DISTANCE = 5,   /* row, column, value */
  TPS_ERROR_ASYMMETRIC = 6,          /* d(row, column) = value differs from d(column, row) */
  TPS_ERROR_DIAGONAL = 7,            /* d(row, row) = value is not zero */
  TPS_ERROR_METRIC = 8,              /* unknown metric: value */
  TPS_ERROR_ZERO_VECTOR = 9,         /* a vector without direction: row is the first, value how many */
  TPS_ERROR_NEIGHBOR_COUNT = 10,     /* neighbours not in 1 ... n - 1: value, row is n, of the points or the reference */
  TPS_ERROR_DUPLICATES = 11,         /* more than k duplicates of a point: row is the first, value how many points */
  TPS_ERROR_SINGULAR_COVARIANCE = 12,/* row is the rank, column the number of coordinates */
  TPS_ERROR_HOMOLOGY_DIMENSION = 13, /* out of range: value, row is the greatest possible */
  TPS_ERROR_MODULUS = 14,            /* not a prime in 2 ... 65521: value */
  TPS_ERROR_THRESHOLD = 15,          /* NaN or negative: value */
  TPS_ERROR_MEMORY = 16,             /* more memory needed than allowed or there: value is the estimate in bytes */
  TPS_ERROR_CANCELLED = 17,          /* the progress function asked to stop */
  TPS_ERROR_INDEX = 18,              /* an index outside its range: row is the index, column the size of the range */
  TPS_ERROR_OPTION = 19,             /* an option is none of those known, or out of its range: value */
  TPS_ERROR_NOT_COMPUTED = 20,       /* asked for what the options did not ask for */
  TPS_ERROR_OVERFLOW = 21,           /* the distance of points row and column is beyond single precision */
  TPS_ERROR_LONELY_POINT = 22,       /* the k-th neighbour of point row is infinitely far away: value is k */
  TPS_ERROR_VERTICES = 23,           /* more vertices (value) than row: only H0, and H1 with a threshold, of edges,
                                      or of small loops */
  TPS_ERROR_UNDERFLOW = 24,          /* all distances are below single precision: value is about the greatest */
  TPS_ERROR_INTERNAL = 99            /* a defect of the library: please report it */
};

/* Where the input gave the reason. row and column are -1 where they make no sense. */
typedef struct {
  int64_t row;
  int64_t column;
  double value;
} tps_detail;

/* A short English name, such as "not finite". Never NULL; static memory. */
const char *tps_status_name(tps_status status);

/* "MAJOR.MINOR.PATCH" of the library that runs. Static memory. */
const char *tps_version(void);

/* -------------------------------------------------------------------------------------------- progress ---------- */

/* Called from the calling thread only, every 20 ms at most, with the work done and the work there is in units of the
 * computation's own choice. Returns 0 to go on; anything else stops the call with TPS_ERROR_CANCELLED. */
typedef int (*tps_progress)(void *context, int64_t done, int64_t total);

/* ---------------------------------------------------------------------------------------------- points ---------- */

/* The types of numbers that are read: IEEE single and double precision, in the byte order of the machine. */
enum { TPS_FLOAT32 = 1, TPS_FLOAT64 = 2 };

/* A table of numbers: `rows` points with `columns` coordinates, or a square matrix of distances. Strides are in bytes
 * and may be zero or negative, so that any NumPy array of these types can be described without a copy. */
typedef struct {
  const void *data;
  int64_t rows;
  int64_t columns;
  int64_t row_stride;
  int64_t column_stride;
  int32_t element_type; /* TPS_FLOAT32 or TPS_FLOAT64 */
} tps_array;

/* ------------------------------------------------------------------------------------------- distances ---------- */

/* The metrics, with SciPy's names. The numbers are frozen. */
enum {
  TPS_METRIC_EUCLIDEAN = 0,
  TPS_METRIC_SQEUCLIDEAN = 1,
  TPS_METRIC_COSINE = 2,      /* 1 - x.y / (|x| |y|); no metric: the triangle inequality fails */
  TPS_METRIC_ANGULAR = 3,     /* arccos(x.y / (|x| |y|)) / pi */
  TPS_METRIC_CORRELATION = 4, /* cosine of the vectors less their means */
  TPS_METRIC_CITYBLOCK = 5,
  TPS_METRIC_CHEBYSHEV = 6,
  TPS_METRIC_MAHALANOBIS = 7, /* sqrt((x-y)' S^-1 (x-y)), S as `covariance` says */
  TPS_METRIC_PRECOMPUTED = 8  /* the input is the matrix of distances */
};

/* How the covariance S of TPS_METRIC_MAHALANOBIS is estimated. */
enum {
  TPS_COVARIANCE_LEDOIT_WOLF = 0, /* shrunk towards a multiple of the identity (Ledoit and Wolf 2004); divides by n */
  TPS_COVARIANCE_OAS = 1,         /* oracle approximating shrinkage (Chen et al. 2010); divides by n */
  TPS_COVARIANCE_EMPIRICAL = 2,   /* no shrinkage, divides by n - 1; refused where singular */
  TPS_COVARIANCE_SHRUNK = 3,      /* shrunk by `shrinkage` in 0 ... 1; divides by n - 1 */
  TPS_COVARIANCE_GIVEN = 4        /* `covariance_matrix` */
};

/* d(x, y) divided by a scale of the k-th nearest neighbours x_k, y_k (the relative-neighbourhood normalisation). */
enum {
  TPS_SCALING_MAX = 0,       /* max(d(x, x_k), d(y, y_k)) */
  TPS_SCALING_GEOMETRIC = 1, /* sqrt(d(x, x_k) d(y, y_k)) */
  TPS_SCALING_MIN = 2        /* min(d(x, x_k), d(y, y_k)) */
};

/* What to do where a point has more than k duplicates, so that its k-th nearest neighbour is at distance zero. */
enum {
  TPS_DUPLICATES_REFUSE = 0,        /* TPS_ERROR_DUPLICATES */
  TPS_DUPLICATES_FIRST_POSITIVE = 1 /* take the nearest neighbour that is at a positive distance */
};

/* A metric. Fill with tps_metric_init, then change what differs. */
typedef struct {
  size_t size; /* sizeof(tps_metric), set by tps_metric_init */
  int32_t metric;
  int32_t covariance;                /* Mahalanobis only */
  double shrinkage;                  /* TPS_COVARIANCE_SHRUNK only */
  const tps_array *covariance_matrix;/* TPS_COVARIANCE_GIVEN only: columns x columns, symmetric */
  const tps_array *reference;        /* Mahalanobis: points to estimate the covariance from; NULL: the points themselves */
  int64_t neighbors;                 /* k of the relative-neighbourhood normalisation; 0: none */
  int32_t scaling;
  int32_t duplicates;
  const tps_array *neighbor_reference; /* points among which neighbours are looked for; NULL: the points themselves.
                                          With TPS_METRIC_PRECOMPUTED: the distances of the points (rows) from the
                                          reference points (columns). Points may be a subsample of the reference: of
                                          reference points at distance zero one is taken to be the point itself. */
} tps_metric;

/* Euclidean, no normalisation. */
void tps_metric_init(tps_metric *metric);

/* What was done to get the distances. Numbers that do not apply are NaN or -1. */
typedef struct {
  double shrinkage;   /* Mahalanobis: the share of the identity's multiple in the covariance */
  double condition;   /* Mahalanobis: largest over smallest eigenvalue of the covariance */
  int64_t rank;       /* Mahalanobis: the number of directions in which the centred points vary */
  int64_t dimension;  /* Mahalanobis: the number of coordinates after whitening */
  double seconds;
} tps_distance_facts;

/* All pairwise distances of `points`.
 *   metric    NULL: Euclidean
 *   threads   0 or less: every processor of this process
 *   out       points->rows * points->rows floats, row after row: symmetric to the last bit, zero on the diagonal
 *   facts     may be NULL
 */
tps_status tps_distances(const tps_array *points, const tps_metric *metric, int32_t threads, tps_progress progress,
                         void *context, float *out, tps_distance_facts *facts, tps_detail *detail);

/* ---------------------------------------------------------------------------------------- persistence ---------- */

/* What a result keeps beyond its bars. */
enum {
  TPS_RIPS_COCYCLES = 1, /* keep representative cocycles: tps_rips_cocycle */
  TPS_RIPS_CYCLES = 2    /* keep what representative cycles need: tps_rips_cycle */
};

/* Fill with tps_rips_options_init, then change what differs. */
typedef struct {
  size_t size;           /* sizeof(tps_rips_options), set by tps_rips_options_init */
  int32_t max_dimension; /* greatest homology dimension; 1 */
  int32_t modulus;       /* p of the coefficient field Z/p: a prime, 65521 at most; 2 */
  double threshold;      /* edges longer than this are left out; infinity: all that can matter */
  int32_t threads;       /* 0 or less: every processor of this process */
  int32_t flags;         /* TPS_RIPS_COCYCLES | TPS_RIPS_CYCLES; 0 */
  int64_t max_memory;    /* bytes that the call may take; 0: as many as there are; less is TPS_ERROR_OPTION */
  tps_progress progress; /* may be NULL */
  void *context;         /* given to progress */
} tps_rips_options;

/* Dimension 1, Z/2, no threshold, all processors, nothing kept beyond the bars, no limit to the memory. */
void tps_rips_options_init(tps_rips_options *options);

/* The diagrams of one point cloud, and how they were got. */
typedef struct tps_rips tps_rips;

/* Diagrams of the Vietoris-Rips filtration of `points` under `metric` (NULL: Euclidean).
 * With TPS_METRIC_PRECOMPUTED, or tps_rips_distances, the array is a square symmetric matrix with a zero diagonal, in
 * which +infinity means that two points are never joined. No points give empty diagrams. */
tps_status tps_rips_points(const tps_array *points, const tps_metric *metric, const tps_rips_options *options,
                           tps_rips **result, tps_detail *detail);

/* The same from a matrix of distances. */
tps_status tps_rips_distances(const tps_array *distances, const tps_rips_options *options, tps_rips **result,
                              tps_detail *detail);

/* The same from a list of edges: tails[i] and heads[i] in 0 ... vertices - 1 are joined at lengths[i]; pairs that are
 * not listed are never joined. Of an edge listed more than once all lengths must agree. */
tps_status tps_rips_edges(int64_t vertices, int64_t edges, const int64_t *tails, const int64_t *heads,
                          const float *lengths, const tps_rips_options *options, tps_rips **result,
                          tps_detail *detail);

/* Gives back what a result holds. NULL is fine. */
void tps_rips_free(tps_rips *result);

/* How the diagrams were got. */
typedef struct {
  int64_t vertices;
  int64_t edges;            /* edges that the engine added */
  int32_t max_dimension;
  int32_t modulus;
  double threshold;         /* the threshold asked for */
  double enclosing_radius;  /* min over x of max over y of d(x, y): above it nothing changes; infinity when not needed */
  double stopping_radius;   /* the length after which no edge was added */
  double seconds_distances;
  double seconds_filtration;
  double seconds_persistence;
  tps_distance_facts distances;
} tps_rips_facts;

/* The facts of a result. The time is in seconds. */
tps_status tps_rips_get_facts(const tps_rips *result, tps_rips_facts *facts);

/* Number of bars in homology dimension `dimension`; -1 when the dimension was not computed or result is NULL. */
int64_t tps_rips_bar_count(const tps_rips *result, int32_t dimension);

/* The bars of one dimension, longest first, ties by birth and then by edges. With m = tps_rips_bar_count(...):
 *   diagram   2 m doubles: birth, death; death is +infinity for a class that is alive at the end
 *   edges     4 m int64: the two ends of the birth edge, the two ends of the death edge. The simplices that bear and
 *             kill the class have these as longest edge. In dimension 0 the birth "edge" is twice the vertex.
 *             -1, -1 where there is no death.
 *   censored  m bytes: 1 for a class that is alive at a threshold below the enclosing radius (it may still die)
 * Each output may be NULL. */
tps_status tps_rips_bars(const tps_rips *result, int32_t dimension, double *diagram, int64_t *edges,
                         uint8_t *censored);

/* A representative cocycle of one bar (TPS_RIPS_COCYCLES): call with NULL arrays for the number of simplices, then with
 * arrays of count * (dimension + 1) vertices (each simplex in descending order) and count values in 1 ... modulus - 1.
 * Those of dimension 1 are worked out at the first call; `progress` may be NULL, and `context` is given to it. */
tps_status tps_rips_cocycle(const tps_rips *result, int32_t dimension, int64_t bar, tps_progress progress,
                            void *context, int64_t *count, int64_t *simplices, int64_t *values, tps_detail *detail);

/* A representative cycle of one bar (TPS_RIPS_CYCLES): a list of simplices of `dimension` whose sum is a cycle that is
 * born with the bar, and is a boundary at its death. Call with NULL for the number of simplices, then with an array of
 * count * (dimension + 1) vertices. In dimension 1 the edges come in order round a loop: (a, b), (b, c), ..., (z, a);
 * a class that is a sum of separate loops at its birth has one after another. In dimension 0 the simplices are the
 * vertices of the component that ends with the bar. Those of dimensions 0 and 1 are worked out by the call, and the last
 * one is kept; `progress` may be NULL, and `context` is given to it. */
tps_status tps_rips_cycle(const tps_rips *result, int32_t dimension, int64_t bar, tps_progress progress, void *context,
                          int64_t *count, int64_t *simplices, tps_detail *detail);

/* ------------------------------------------------------------------------------------------- landmarks ---------- */

/* `count` landmarks by farthest-point sampling from `first`: each next one is farthest from those before it.
 *   landmarks        count indices of points
 *   covering_radius  the greatest distance of any point from its nearest landmark: the diagrams of the landmarks lie
 *                    within it (of the whole cloud, in bottleneck distance, where the metric is one; twice it for Rips)
 */
tps_status tps_landmarks(const tps_array *points, const tps_metric *metric, int64_t count, int64_t first,
                         int32_t threads, tps_progress progress, void *context, int64_t *landmarks,
                         double *covering_radius, tps_detail *detail);

#ifdef __cplusplus
}
#endif
#endif
