#ifndef TOPOSCOPE_PROCESSOR_H
#define TOPOSCOPE_PROCESSOR_H

#include <stdbool.h>

/* What Swift cannot say: the level of the processor, functions of several modules in one table, the square root of a
 * vector (in Swift each lane is a branch and a call), bits gathered under a mask, the bits of comparisons, what is fetched
 * early, that the compiler shall forget what it knows of a pointer, what a thread is, and that pages change their place.
 * Inline functions are compiled with the flags of the target that uses them. */

#pragma clang assume_nonnull begin

/* The level of x86-64 that this processor, and the system that runs on it, have: 4 (AVX-512), 3 (AVX2 and FMA) or 1; 0 on
 * other processors. The environment may ask for less than there is: TOPOSCOPE_KERNELS=x86-64-v3, or x86-64. */
int toposcope_processor_level(void);

/* Whether the calling thread has said that it is a helper of another one. */
bool toposcope_is_helper(void);
void toposcope_be_helper(void);

/* Moves pages to a place that was kept free for them, with room for more, which are zero. Returns the place; another one
 * where the system does not do so, and then the place may have been given up. */
void *toposcope_move_pages(void *from, unsigned long bytes, void *to, unsigned long room);

/* What becomes of a sum: itself, its square root, the square root of the sum in single precision, half of it, or one less
 * the sum; the last two are at most 2. Or the angle, in half turns, of unit vectors whose squared difference, or product,
 * the sum is. */
enum toposcope_form {
  TOPOSCOPE_AS_IT_IS,
  TOPOSCOPE_ROOT,
  TOPOSCOPE_ROOT_OF_SINGLE,
  TOPOSCOPE_HALF,
  TOPOSCOPE_COMPLEMENT,
  TOPOSCOPE_ANGLE,
  TOPOSCOPE_ANGLE_OF_PRODUCT
};

/* How sums become distances, if they are in a range. */
typedef struct __attribute__((swift_name("Finish"))) {
  enum toposcope_form form;
  double least, greatest;
} toposcope_finish;

/* How products of points become distances: the squared distance is twice what the product leaves of the two points' halved
 * squares. It must be at least `least`, and at least `share`, two at most, times those. */
typedef struct __attribute__((swift_name("ProductFinish"))) {
  bool is_root;
  double least, share;
} toposcope_product_finish;

/* Sums over the coordinates of pairs of points: see PanelPairs.swift.
 * pairs: a panel; the first of a row of panels, numbers from one to the next, how many; length, chain, strand; sums, their
 * stride; what is to be fetched meanwhile, half as much as the first panel, if anything. row: the coordinates of a point;
 * a panel; length, chain, strand; sums. distances: as pairs, but how sums are finished, the distances and their stride, and
 * memory for 256 numbers; whether all sums were in range. */
typedef struct __attribute__((swift_name("FloatSums"), swift_attr("@Sendable"))) {
  void (*pairs)(const float *, const float *, long, long, long, long, long, double *, long, const float *_Nullable);
  void (*row)(const float *, const float *, long, long, long, double *);
  bool (*distances)(const float *, const float *, long, long, long, long, long, toposcope_finish, float *, long, double *);
} toposcope_float_sums;

typedef struct __attribute__((swift_name("DoubleSums"), swift_attr("@Sendable"))) {
  void (*pairs)(const double *, const double *, long, long, long, long, long, double *, long, const double *_Nullable);
  void (*row)(const double *, const double *, long, long, long, double *);
  bool (*distances)(const double *, const double *, long, long, long, long, long, toposcope_finish, float *, long,
                    double *);
} toposcope_double_sums;

/* The first edge whose link is open: it has no apex, as far as was looked, or where that is enough, it is not connected; and a
 * vertex of that link, -1 where it has none. */
typedef struct __attribute__((swift_name("OpenLink"))) {
  int rank, vertex;
} toposcope_open_link;

/* What is known of a link: it may ask for anything; it is empty; it asks for nothing; or it is connected, and asks for nothing
 * but a tetrahedron for some of its loops. */
typedef enum __attribute__((enum_extensibility(closed), swift_name("LinkKind"))) : unsigned char {
  TOPOSCOPE_LINK_OPEN __attribute__((swift_name("open"))),
  TOPOSCOPE_LINK_EMPTY __attribute__((swift_name("empty"))),
  TOPOSCOPE_LINK_CONTRACTIBLE __attribute__((swift_name("contractible"))),
  TOPOSCOPE_LINK_CONNECTED __attribute__((swift_name("connected")))
} toposcope_link_kind;

/* The inner loops for one level of processor: each module of kernels fills one such table, the core chooses among them. */
typedef struct __attribute__((swift_name("KernelSet"), swift_attr("@Sendable"))) {
  toposcope_float_sums floatSquares, floatMagnitudes, floatGreatest, floatProducts;
  toposcope_double_sums doubleSquares, doubleMagnitudes, doubleGreatest, doubleProducts;
  /* Sums and how many, how they are finished, distances; whether all sums were in range. */
  bool (*finished)(const double *, long, toposcope_finish, float *);
  /* Products of a point with others and how many, the halved squares of the others and of the point, how they are finished,
   * distances; whether all were in range. */
  bool (*finishedProducts)(const double *, long, const double *, double, toposcope_product_finish, float *);
  /* As the distances of floatProducts, but how products become distances, and the halved squares of the points of the panel
   * and of the others. */
  bool (*productDistances)(const float *, const float *, long, long, long, long, long, toposcope_product_finish,
                           const double *, const double *, float *, long, double *);
  /* A point, its length, shift. */
  double (*shiftedSum)(const float *, long, double);
  /* A point, its length, shift, mean. */
  double (*shiftedSquares)(const float *, long, double, double);
  /* A point, its length, shift, mean, factor; the unit vector. */
  double (*units)(const float *, long, double, double, double, float *);
  /* A point, its length, what is taken away from each coordinate; the result. Adds its square, and that of the rounding
   * error, to two numbers. */
  void (*shifted)(const float *, long, const float *, float *, double *);
  /* Coordinates of a point, how many, a power of two; sums, to which they are added in multiples of it. */
  void (*addMultiples)(const float *, long, double, double *);
  /* Two points, their length, and shift, mean and factor of each. */
  double (*squaredDifference)(const float *, const float *, long, double, double, double, double, double, double);
  float (*greatestMagnitude)(const float *, long);
  /* A table and its stride; rows, columns; the result and its stride. */
  void (*transpose)(const float *, long, long, long, float *, long);
  /* A table and its stride; rows, columns; the copy and its stride; whether it is too large for the caches: then
   * toposcope_written() comes before another thread is told of it. */
  void (*copy)(const float *, long, long, long, float *, long, bool);
  /* Rows of bits and words in each; the bits of the rows that are chosen; room for a place, a mask and an offset a word;
   * the rows chosen; the result and words of a row of it. Returns how many rows there are. */
  long (*gatherBits)(const unsigned long long *, long, const unsigned long long *, int *, unsigned long long *, int *,
                     int *, unsigned long long *, long);
  /* Rows of bits and words in each; outlines of the rows or NULL, room for the places of the lines of a row; edges, three
   * numbers each, of which the last two are the vertices; the first rank and the end of those to add; whether it is enough
   * that links are connected; two likely apexes of each vertex; apexes by rank; the common neighbours of the last edge; room
   * for as many words. */
  toposcope_open_link (*addCones)(unsigned long long *, long, unsigned long long *_Nullable, int *, const int *, long, long,
                                  bool, int *, unsigned short *, unsigned long long *, unsigned long long *);
  /* Rows of bits and words in each; two vertices, and the first word in which their rows meet; for each vertex a likely
   * center. A common neighbour that is joined to all others, if one is found; otherwise -1. */
  int (*center)(const unsigned long long *, long, long, long, long, int *);
  /* Rows of bits and words in each; a vertex; a set of vertices; room for as many words. Takes the vertices that the given
   * one dominates out of the set; returns how many. */
  long (*removeDominated)(const unsigned long long *, long, long, unsigned long long *, unsigned long long *);
  /* The rows of a link, one, two, four or eight words each, and how many; parents and depths of a spanning forest; the vertices
   * that begin a component or close loops, and rows of the other ends. Returns how many of these there are. */
  long (*growLink)(const unsigned long long *, long, long, int *, int *, int *, unsigned long long *);
  /* Ranks of the edges of a vertex to its neighbours; of each of these a row of the ranks to the others; numbers in a row; some
   * neighbours and how many; room for 256 words; what is known of the links of the edges to these, and the nearest vertices of
   * the links. */
  void (*tellLinks)(const int *, const int *, long, const int *, long, unsigned long long *, toposcope_link_kind *, int *);
  /* Two to four rows of ranks and their length, a multiple of sixteen; the least of the greatest in a column. */
  int (*leastGreatest)(const int *, const int *, const int *, const int *, long);
  /* Bits of lengths, the first and the end of those to look at; bounds of which the lower one is excluded, the upper one
   * included; what all keys have besides; the keys. Returns how many there are. */
  long (*keys)(const int *, long, long, int, int, unsigned long long, unsigned long long *);
  /* Bits of the lengths of a square matrix, entries in a row; the first row and column of a part of it above the diagonal,
   * its height and width, multiples of eight. Whether it and its mirror image hold the same lengths, and no -0. */
  bool (*isMirrored)(const int *, long, long, long, long, long);
  /* Bits of the lengths of a square matrix, entries in a row; a row; some other rows, sixteen at most, and how many; the first
   * column to look at; a length; the bits of 32 columns. A column is open where that row has a greater length than this one,
   * and no other row has a smaller one. Returns the first column of the first 32, counted from the start, of which any is open;
   * where there are none, the bits are 0, and fewer than 32 columns are left from the one returned on. */
  long (*openPairs)(const int *, long, long, const int *_Nullable, long, long, int, unsigned *);
} toposcope_kernel_set;

/* One register of the processor that is compiled for. */
#if defined(__AVX512F__)
#define TOPOSCOPE_REGISTER 64
#elif defined(__AVX2__)
#define TOPOSCOPE_REGISTER 32
#else
#define TOPOSCOPE_REGISTER 16
#endif
typedef float toposcope_floats __attribute__((vector_size(TOPOSCOPE_REGISTER)));
typedef double toposcope_doubles __attribute__((vector_size(TOPOSCOPE_REGISTER)));
typedef float toposcope_narrow_floats __attribute__((vector_size(TOPOSCOPE_REGISTER / 2)));
#define TOPOSCOPE_INLINE static inline __attribute__((always_inline))

/* Outlines of rows of bits: one bit for each cache line, of 512 vertices, that may not be zero; whole words a row. */
TOPOSCOPE_INLINE long toposcope_outline_words(long words) { return (words + 511) / 512; }

TOPOSCOPE_INLINE void toposcope_outline(unsigned long long *outlines, long words_each, long row, long vertex) {
  outlines[row * words_each + (vertex >> 15)] |= 1ull << (vertex >> 9 & 63);
}

/* Angles take a dozen constants, for which sums would have to leave the registers. */
TOPOSCOPE_INLINE bool toposcope_finishes_in_registers(enum toposcope_form form) {
  return form != TOPOSCOPE_ANGLE && form != TOPOSCOPE_ANGLE_OF_PRODUCT;
}

/* (In Swift, comparing forms would be a weak function.) */
TOPOSCOPE_INLINE bool toposcope_is(enum toposcope_form form, enum toposcope_form other) { return form == other; }

TOPOSCOPE_INLINE bool toposcope_is_root(enum toposcope_form form) {
  return form == TOPOSCOPE_ROOT || form == TOPOSCOPE_ROOT_OF_SINGLE;
}

/* The lesser and the greater of two numbers, lane by lane, and the second one where either is NaN: one instruction each, where
 * what the language has for it takes three. */
typedef float toposcope_float_lanes __attribute__((ext_vector_type(TOPOSCOPE_REGISTER / 4)));
typedef double toposcope_double_lanes __attribute__((ext_vector_type(TOPOSCOPE_REGISTER / 8)));
#define TOPOSCOPE_CHOICE(name, numbers, lanes, order)      \
  TOPOSCOPE_INLINE numbers name(numbers a, numbers b) {    \
    lanes first = (lanes)a, second = (lanes)b;             \
    return (numbers)(first order second ? first : second); \
  }
TOPOSCOPE_CHOICE(toposcope_lesser, toposcope_floats, toposcope_float_lanes, <)
TOPOSCOPE_CHOICE(toposcope_greater, toposcope_floats, toposcope_float_lanes, >)
TOPOSCOPE_CHOICE(toposcope_lesser_doubles, toposcope_doubles, toposcope_double_lanes, <)
TOPOSCOPE_CHOICE(toposcope_greater_doubles, toposcope_doubles, toposcope_double_lanes, >)
#undef TOPOSCOPE_CHOICE

/* What a sum becomes that is no root: factor * sum + term, at most `most`. Rounded once, fused or not; NaN becomes `most`. */
struct toposcope_line {
  float factor, term, most;
};

TOPOSCOPE_INLINE struct toposcope_line toposcope_line_of(enum toposcope_form form) {
  return form == TOPOSCOPE_HALF         ? (struct toposcope_line){0.5f, 0, 2}
         : form == TOPOSCOPE_COMPLEMENT ? (struct toposcope_line){-1, 1, 2}
                                        : (struct toposcope_line){1, 0, __builtin_inff()};
}

/* Sums in single precision as distances; no angles. */
TOPOSCOPE_INLINE toposcope_floats toposcope_finish_floats(toposcope_floats v, enum toposcope_form form) {
  if (toposcope_is_root(form)) return __builtin_elementwise_sqrt(v);
  struct toposcope_line line = toposcope_line_of(form);
  return toposcope_lesser(v * line.factor + line.term, (toposcope_floats){0} + line.most);
}

/* The angles, in half turns, of unit vectors with these squared differences: from the sine of half the angle, or from its
 * cosine, whichever is less. 2 / pi asin(sqrt(y)) / sqrt(y) on [0, 1/2] is interpolated at Chebyshev's points; relative
 * error 2^-34. */
TOPOSCOPE_INLINE toposcope_doubles toposcope_angles(toposcope_doubles squares) {
  static const double series[] = {0.1071605194699,  -0.1747710623524, 0.1556999428536,  -0.06091090469536,
                                  0.03130423056163, 0.01055919549303, 0.01975236996464, 0.02839414669737,
                                  0.04774734357665, 0.1061032845338,  0.6366197723901};
  typedef long long mask __attribute__((vector_size(TOPOSCOPE_REGISTER)));
  toposcope_doubles sine = squares * 0.25, cosine = 1 - sine; /* squared */
  toposcope_doubles y = __builtin_elementwise_max(__builtin_elementwise_min(sine, cosine), (toposcope_doubles){0});
  toposcope_doubles value = (toposcope_doubles){0} + series[0];
  for (int k = 1; k < 11; k++) value = value * y + series[k];
  value *= __builtin_elementwise_sqrt(y);
  mask is_obtuse = sine > cosine;
  return (toposcope_doubles)((is_obtuse & (mask)(1 - value)) | (~is_obtuse & (mask)value));
}

/* Sums in double precision as distances; no angles. The root in single precision takes a third of the time, and costs
 * another quarter of a unit in the last place. */
TOPOSCOPE_INLINE toposcope_narrow_floats toposcope_finish_doubles(toposcope_doubles v, enum toposcope_form form) {
  if (form == TOPOSCOPE_ROOT_OF_SINGLE)
    return __builtin_elementwise_sqrt(__builtin_convertvector(v, toposcope_narrow_floats));
  if (form == TOPOSCOPE_ROOT)
    return __builtin_convertvector(__builtin_elementwise_sqrt(v), toposcope_narrow_floats);
  struct toposcope_line line = toposcope_line_of(form);
  v = toposcope_lesser_doubles(v * (double)line.factor + (double)line.term, (toposcope_doubles){0} + line.most);
  return __builtin_convertvector(v, toposcope_narrow_floats);
}

#ifdef __AVX512DQ__
/* The greater magnitude of two numbers, lane by lane, in one instruction: 3 takes the greater of the magnitudes, 2 << 2 its
 * sign away. */
TOPOSCOPE_INLINE toposcope_floats toposcope_greater_magnitudes(toposcope_floats a, toposcope_floats b) {
  return __builtin_ia32_rangeps512_mask(a, b, 2 << 2 | 3, a, (unsigned short)-1, 4);
}

TOPOSCOPE_INLINE toposcope_doubles toposcope_greater_double_magnitudes(toposcope_doubles a, toposcope_doubles b) {
  return __builtin_ia32_rangepd512_mask(a, b, 2 << 2 | 3, a, (unsigned char)-1, 4);
}
#endif

/* Writes `count` sums as distances. Returns whether all of them were in range. */
TOPOSCOPE_INLINE bool toposcope_finish_form(const double *sums, long count, enum toposcope_form form, double least,
                                            double greatest, float *out) {
  const long lanes = TOPOSCOPE_REGISTER / sizeof(double);
  toposcope_doubles low = (toposcope_doubles){0} + greatest, high = (toposcope_doubles){0} + least;
  toposcope_doubles v = low;
  for (long k = 0; k < count; k += lanes) {
    long rest = count - k < lanes ? count - k : lanes;
    if (rest == lanes) __builtin_memcpy(&v, sums + k, sizeof v);
    else __builtin_memcpy(&v, sums + k, (unsigned long)rest * sizeof(double)); /* the others: numbers seen before */
    low = toposcope_lesser_doubles(v, low);
    high = toposcope_greater_doubles(v, high);
    toposcope_doubles finished = form == TOPOSCOPE_ANGLE_OF_PRODUCT ? 2 - 2 * v : v;
    if (!toposcope_finishes_in_registers(form)) finished = toposcope_angles(finished);
    toposcope_narrow_floats distances = toposcope_finish_doubles(finished, form);
    if (rest == lanes) __builtin_memcpy(out + k, &distances, sizeof distances);
    else __builtin_memcpy(out + k, &distances, (unsigned long)rest * sizeof(float));
  }
  return __builtin_reduce_min(low) >= least && __builtin_reduce_max(high) <= greatest;
}

TOPOSCOPE_INLINE bool toposcope_finish_sums(const double *sums, long count, toposcope_finish finish, float *out) {
  switch (finish.form) {
#define TOPOSCOPE_CASE(form) \
  case form: return toposcope_finish_form(sums, count, form, finish.least, finish.greatest, out);
    TOPOSCOPE_CASE(TOPOSCOPE_AS_IT_IS)
    TOPOSCOPE_CASE(TOPOSCOPE_ROOT)
    TOPOSCOPE_CASE(TOPOSCOPE_ROOT_OF_SINGLE)
    TOPOSCOPE_CASE(TOPOSCOPE_HALF)
    TOPOSCOPE_CASE(TOPOSCOPE_COMPLEMENT)
    TOPOSCOPE_CASE(TOPOSCOPE_ANGLE)
    TOPOSCOPE_CASE(TOPOSCOPE_ANGLE_OF_PRODUCT)
#undef TOPOSCOPE_CASE
  }
}

/* Writes products as distances: `both` are the sums of the two points' halved squares. Returns whether all were in range. */
TOPOSCOPE_INLINE bool toposcope_finish_product(toposcope_doubles products, toposcope_doubles both,
                                               toposcope_product_finish finish, toposcope_narrow_floats *distances) {
  const enum toposcope_form form = finish.is_root ? TOPOSCOPE_ROOT_OF_SINGLE : TOPOSCOPE_AS_IT_IS;
  toposcope_doubles square = 2 * (both - products);
  toposcope_doubles bound = __builtin_elementwise_max(both * finish.share, (toposcope_doubles){0} + finish.least);
  *distances = toposcope_finish_doubles(square, form);
  return __builtin_reduce_and(square >= bound) != 0;
}

/* The same for one register of products of a point with others, whose halved squares are in memory. */
TOPOSCOPE_INLINE bool toposcope_finish_products_in_register(toposcope_doubles products, double half, const double *halves,
                                                            toposcope_product_finish finish, float *out) {
  toposcope_doubles both;
  toposcope_narrow_floats distances;
  __builtin_memcpy(&both, halves, sizeof both);
  bool in_range = toposcope_finish_product(products, both + half, finish, &distances);
  __builtin_memcpy(out, &distances, sizeof distances);
  return in_range;
}

/* Writes `count` products of points as distances. Returns whether all of them were in range. */
TOPOSCOPE_INLINE bool toposcope_finish_products(const double *products, long count, const double *halves, double half,
                                                toposcope_product_finish finish, float *out) {
  const long lanes = TOPOSCOPE_REGISTER / sizeof(double);
  bool in_range = true;
  for (long k = 0; k < count; k += lanes) {
    long rest = count - k < lanes ? count - k : lanes;
    toposcope_doubles product = {0}, both = {0}; /* beyond the last: a point at the origin, in range as the share is */
    if (rest == lanes) {
      __builtin_memcpy(&product, products + k, sizeof product);
      __builtin_memcpy(&both, halves + k, sizeof both);
    } else {
      __builtin_memcpy(&product, products + k, (unsigned long)rest * sizeof(double));
      __builtin_memcpy(&both, halves + k, (unsigned long)rest * sizeof(double));
    }
    toposcope_narrow_floats distances;
    in_range &= toposcope_finish_product(product, both + half, finish, &distances);
    if (rest == lanes) __builtin_memcpy(out + k, &distances, sizeof distances);
    else __builtin_memcpy(out + k, &distances, (unsigned long)rest * sizeof(float));
  }
  return in_range;
}

/* Copies `rows` rows of `columns` numbers. A copy that is too large for the caches goes past them where it fills whole
 * lines: else every line would be read before it is written. See toposcope_written. */
TOPOSCOPE_INLINE void toposcope_copy_rows(const float *from, long stride, long rows, long columns, float *to,
                                          long to_stride, bool is_large) {
  typedef float quarter __attribute__((vector_size(16), aligned(4)));
  typedef toposcope_floats unaligned __attribute__((aligned(4)));
  const long lanes = TOPOSCOPE_REGISTER / sizeof(float);
  for (long row = 0; row < rows; row++, from += stride, to += to_stride) {
    long k = 0;
    if (is_large) {
      long head = -(long)((unsigned long)to / sizeof(float)) & 15;
      if (head > columns) head = columns;
      for (; k < (head & 3); k++) to[k] = from[k];
      for (; k < head; k += 4) *(quarter *)(to + k) = *(const quarter *)(from + k);
      for (; k + 16 <= columns; k += 16)
        for (long part = k; part < k + 16; part += lanes)
          __builtin_nontemporal_store(*(const unaligned *)(from + part), (toposcope_floats *)(to + part));
    }
    for (; k + lanes <= columns; k += lanes) *(unaligned *)(to + k) = *(const unaligned *)(from + k);
    for (; k + 4 <= columns; k += 4) *(quarter *)(to + k) = *(const quarter *)(from + k);
    for (; k < columns; k++) to[k] = from[k];
  }
}

/* What was written past the caches is there for other threads. */
static inline void toposcope_written(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

/* Transposes a block of sixteen by sixteen numbers, four columns at a time: a vector takes four numbers of every fourth row,
 * so that what is left is to transpose four by four within its quarters. */
TOPOSCOPE_INLINE void toposcope_transpose_block(const float *from, long stride, float *to, long to_stride) {
  typedef float quarter __attribute__((vector_size(16), aligned(4)));
  typedef float half __attribute__((vector_size(32)));
  typedef float line __attribute__((vector_size(64)));
  typedef line unaligned __attribute__((aligned(4)));
  for (long left = 0; left < 16; left += 4) {
    line rows[4], pairs[4];
    for (long i = 0; i < 4; i++) {
      const float *row = from + i * stride + left;
      quarter a = *(const quarter *)row, b = *(const quarter *)(row + 4 * stride);
      quarter c = *(const quarter *)(row + 8 * stride), d = *(const quarter *)(row + 12 * stride);
      half above = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
      half below = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
      rows[i] = __builtin_shufflevector(above, below, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
#define TOPOSCOPE_QUARTERS(x, y, a, b, c, d)                                                                       \
  __builtin_shufflevector(x, y, a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, \
                          c + 12, d + 12)
    for (int i = 0; i < 2; i++) {
      pairs[i] = TOPOSCOPE_QUARTERS(rows[2 * i], rows[2 * i + 1], 0, 16, 1, 17);
      pairs[i + 2] = TOPOSCOPE_QUARTERS(rows[2 * i], rows[2 * i + 1], 2, 18, 3, 19);
    }
    float *column = to + left * to_stride;
    for (int i = 0; i < 2; i++, column += 2 * to_stride) {
      *(unaligned *)column = TOPOSCOPE_QUARTERS(pairs[2 * i], pairs[2 * i + 1], 0, 1, 16, 17);
      *(unaligned *)(column + to_stride) = TOPOSCOPE_QUARTERS(pairs[2 * i], pairs[2 * i + 1], 2, 3, 18, 19);
    }
#undef TOPOSCOPE_QUARTERS
  }
}

/* The bits of x under a mask, one after the other from the lowest place on. */
static inline unsigned long long toposcope_gather_bits(unsigned long long x, unsigned long long mask) {
#ifdef __BMI2__
  return __builtin_ia32_pext_di(x, mask);
#else
  unsigned long long gathered = 0;
  for (x &= mask; x != 0; x &= x - 1) gathered |= 1ULL << __builtin_popcountll(mask & ((x & -x) - 1));
  return gathered;
#endif
}

/* Writes for each of some vertices its row, only with the bits of these vertices, one after the other, `words_each` words a
 * row; `vertices` is read 32 numbers at a time, so it has room for whole 32. Returns false, having done nothing, where that
 * is not a matter of a few instructions for 32 bits: it takes AVX-512, and 4096 vertices in all at most. */
static inline bool toposcope_pick_bits(const unsigned long long *rows, long words, const int *vertices, long count,
                                       unsigned long long *out, long words_each) {
#ifdef __AVX512BW__
  typedef short lanes __attribute__((vector_size(64)));
  typedef int numbers __attribute__((vector_size(128), aligned(4)));
  typedef _Bool mask __attribute__((ext_vector_type(32)));
  const lanes order = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
  const long lines = words / 8;
  if (lines > 8) return false;
  for (long start = 0; start < 64 * words_each; start += 32) {
    char *half = (char *)out + start / 8;
    if (start >= count) {
      for (long i = 0; i < count; i++) __builtin_memset(half + 8 * words_each * i, 0, 4);
      continue;
    }
    numbers chosen = *(const numbers *)(vertices + start);
    lanes places = __builtin_convertvector(chosen >> 4, lanes), pairs = places >> 6;
    lanes bits = __builtin_convertvector(1 << (chosen & 15), lanes) & (order < (short)(count - start));
    for (long i = 0; i < count; i++, half += 8 * words_each) {
      /* Two lines at a time: the sixteen bits around each bit. */
      const lanes *row = (const lanes *)(rows + vertices[i] * words);
      lanes around = __builtin_ia32_vpermi2varhi512(row[0], places, row[lines > 1]);
      for (long line = 2; line < lines; line += 2) {
        lanes here = pairs == (short)(line / 2);
        around = (here & __builtin_ia32_vpermi2varhi512(row[line], places, row[line + (lines - line > 1)])) |
                 (~here & around);
      }
      mask found = __builtin_convertvector((around & bits) != 0, mask);
      __builtin_memcpy(half, &found, 4);
    }
  }
  return true;
#else
  (void)rows, (void)words, (void)vertices, (void)count, (void)out, (void)words_each;
  return false;
#endif
}

/* One bit for each word of a line of bits, eight words: whether there are bits in it that two lines have and a third has
 * not. */
static inline unsigned toposcope_missing(const unsigned long long *a, const unsigned long long *b,
                                         const unsigned long long *c) {
  typedef unsigned long long line __attribute__((vector_size(64), aligned(64)));
  typedef _Bool mask __attribute__((ext_vector_type(8)));
  mask some = __builtin_convertvector((*(const line *)a & *(const line *)b & ~*(const line *)c) != 0, mask);
  unsigned char bits;
  __builtin_memcpy(&bits, &some, sizeof bits);
  return bits;
}

/* Whether the common bits of two rows of whole lines are all in a third one. */
TOPOSCOPE_INLINE bool toposcope_covers(const unsigned long long *a, const unsigned long long *b,
                                       const unsigned long long *c, long words) {
  typedef unsigned long long line __attribute__((vector_size(64), aligned(64)));
  const line *first = (const line *)a, *second = (const line *)b, *third = (const line *)c;
  const long lines = words / 8;
  long k = 0;
  for (; k + 4 <= lines; k += 4) { /* four at a time: most rows are covered to the end */
    line missing = first[k] & second[k] & ~third[k];
    for (int i = 1; i < 4; i++) missing |= first[k + i] & second[k + i] & ~third[k + i];
    if (__builtin_reduce_or(missing) != 0) return false;
  }
  line missing = {0};
  for (; k < lines; k++) missing |= first[k] & second[k] & ~third[k];
  return __builtin_reduce_or(missing) == 0;
}

/* One bit for each of four vertices: whether two vertices are joined to it, and it to all their common neighbours. */
TOPOSCOPE_INLINE unsigned toposcope_apexes(const unsigned long long *rows, long words, const unsigned long long *a,
                                           const unsigned long long *b, int first, int second, int third, int fourth) {
  const int likely[4] = {first, second, third, fourth};
  unsigned apexes = 0;
  for (int i = 0; i < 4; i++) {
    int y = likely[i];
    apexes |= (unsigned)((a[y >> 6] & b[y >> 6]) >> (y & 63) & 1) << i;
  }
  for (long k = 0; k < words && apexes != 0; k += 8)
    for (int i = 0; i < 4; i++)
      apexes &= ~((unsigned)(toposcope_missing(a + k, b + k, rows + likely[i] * words + k) != 0) << i);
  return apexes;
}

/* One bit for each word of such a line: whether it is not zero. */
static inline unsigned toposcope_nonzero(const unsigned long long *a) {
  typedef unsigned long long line __attribute__((vector_size(64), aligned(64)));
  typedef _Bool mask __attribute__((ext_vector_type(8)));
  mask some = __builtin_convertvector(*(const line *)a != 0, mask);
  unsigned char bits;
  __builtin_memcpy(&bits, &some, sizeof bits);
  return bits;
}

/* The least of the greatest numbers in a column of four rows, whose length is a multiple of sixteen. */
static inline int toposcope_least_greatest(const int *a, const int *b, const int *c, const int *d, long length) {
  typedef int lanes __attribute__((vector_size(64), aligned(4)));
  lanes least = (lanes){0} + 0x7FFFFFFF;
  for (long k = 0; k < length; k += 16) {
    lanes first = __builtin_elementwise_max(*(const lanes *)(a + k), *(const lanes *)(b + k));
    lanes second = __builtin_elementwise_max(*(const lanes *)(c + k), *(const lanes *)(d + k));
    least = __builtin_elementwise_min(least, __builtin_elementwise_max(first, second));
  }
  return __builtin_reduce_min(least);
}

/* Whether the entries of an eight by eight block and of its mirror image are equal, and all from 0 to that of infinity. */
static inline bool toposcope_is_mirrored(const int *block, const int *image, long stride) {
  typedef int row __attribute__((vector_size(32)));
  typedef int entries __attribute__((vector_size(32), aligned(4)));
  row a[8], b[8];
  for (int k = 0; k < 8; k++) b[k] = *(const entries *)(image + k * stride);
  /* Transposed: pairs of rows, then pairs of pairs within halves, then the halves. */
  for (int k = 0; k < 8; k += 2) {
    a[k] = __builtin_shufflevector(b[k], b[k + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    a[k + 1] = __builtin_shufflevector(b[k], b[k + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int k = 0; k < 8; k += 4) {
    b[k] = __builtin_shufflevector(a[k], a[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    b[k + 1] = __builtin_shufflevector(a[k], a[k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    b[k + 2] = __builtin_shufflevector(a[k + 1], a[k + 3], 0, 1, 8, 9, 4, 5, 12, 13);
    b[k + 3] = __builtin_shufflevector(a[k + 1], a[k + 3], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  for (int k = 0; k < 4; k++) {
    a[k] = __builtin_shufflevector(b[k], b[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    a[k + 4] = __builtin_shufflevector(b[k], b[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  row wrong = {0}, outside = {0};
  for (int k = 0; k < 8; k++) {
    row own = *(const entries *)(block + k * stride);
    wrong |= own ^ a[k];
    outside |= own | (0x7F800000 - own);
  }
  return __builtin_reduce_or(wrong | (outside & (int)0x80000000)) == 0;
}

/* One bit for each of 64 integers: whether it is `value`. */
static inline unsigned long long toposcope_equal(const int *values, int value) {
  typedef int vector __attribute__((vector_size(256), aligned(4)));
  typedef _Bool mask __attribute__((ext_vector_type(64)));
  mask equal = __builtin_convertvector(*(const vector *)values == value, mask);
  unsigned long long bits;
  __builtin_memcpy(&bits, &equal, sizeof bits);
  return bits;
}

/* One bit for each of 64 integers: whether it is greater than `lower` and at most `upper`. */
static inline unsigned long long toposcope_between(const int *values, int lower, int upper) {
  typedef int vector __attribute__((vector_size(256), aligned(4)));
  typedef _Bool mask __attribute__((ext_vector_type(64)));
  vector v = *(const vector *)values;
  mask inside = __builtin_convertvector((v > lower) & (v <= upper), mask);
  unsigned long long bits;
  __builtin_memcpy(&bits, &inside, sizeof bits);
  return bits;
}

/* See openPairs of the table of kernels. */
static inline long toposcope_open_pairs(const int *lengths, long n, long row, const int *_Nullable others, long count,
                                        long start, int length, unsigned *open) {
  typedef int vector __attribute__((vector_size(128), aligned(4)));
  typedef _Bool mask __attribute__((ext_vector_type(32)));
  const int *rows[16];
  const long whole = (count + 3) / 4 * 4; /* four at a time, the last one again and again */
  for (long i = 0; i < whole; i++) rows[i] = lengths + n * others[i < count ? i : count - 1];
  *open = 0;
  long j = start;
  for (; j + 32 <= n; j += 32) {
    const vector own = *(const vector *)(lengths + n * row + j);
    vector left = own > length;
    for (long i = 0; i < whole && __builtin_reduce_or(left) != 0; i += 4) {
      for (long k = i; k < i + 4; k++) left &= *(const vector *)(rows[k] + j) >= own;
    }
    if (__builtin_reduce_or(left) != 0) {
      const mask bits = __builtin_convertvector(left, mask);
      __builtin_memcpy(open, &bits, sizeof *open);
      break;
    }
  }
  return j;
}

/* The pointer itself, of which the compiler then knows nothing: not even that it is another one's equal. */
static inline const void *toposcope_unknown(const void *pointer) {
  __asm__ volatile("" : "+r"(pointer));
  return pointer;
}

/* Brings what lies there near the processor, as it is about to be changed. */
static inline void toposcope_fetch(const void *pointer) { __builtin_prefetch(pointer, 1); }

/* The same for what is only read. It may lie anywhere. */
static inline void toposcope_fetch_to_read(const void *pointer) { __builtin_prefetch(pointer, 0); }

/* The same, to the second-level cache. */
static inline void toposcope_fetch_early(const void *pointer) { __builtin_prefetch(pointer, 0, 2); }

/* Nothing is read earlier or later than here. */
static inline void toposcope_barrier(void) { __asm__ volatile("" ::: "memory"); }

#pragma clang assume_nonnull end

#endif
