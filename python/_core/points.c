#include "core.h"

/* Points of a layer's output, as a hook takes them in the midst of a forward pass: one token, or means over positions.
 * What is summed is mostly short (a row is the 4, 16 or 49 positions of one channel), so four rows are summed at once,
 * each in four strands. Vectors of 16 bytes do: what counts is how fast the caches give the rows. */

typedef float quad __attribute__((vector_size(16)));

enum { BLOCK = 32 }; /* positions that are summed in single precision; the sums of blocks are added in double */
enum { LARGE = 1 << 20 }; /* numbers, for whose means other threads of Python do not wait */

static inline quad load(const float *numbers)
{
    quad q;
    memcpy(&q, numbers, sizeof q); /* rows are not aligned to quads */
    return q;
}

/* The sums of neighbours: a0 + a1, a2 + a3, b0 + b1, b2 + b3. */
static inline quad neighbours(quad a, quad b)
{
    return (quad){a[0], a[2], b[0], b[2]} + (quad){a[1], a[3], b[1], b[3]};
}

/* Each row begins `apart` numbers after the one before. */
static inline void means_of_four_rows(const float *rows, npy_intp apart, npy_intp positions, float means[4])
{
    const float *row[4] = {rows, rows + apart, rows + 2 * apart, rows + 3 * apart};
    double sums[4] = {0, 0, 0, 0};
    npy_intp i = 0;
    while (i + 4 <= positions) {
        npy_intp end = positions - i < BLOCK ? positions - 3 : i + BLOCK;
        quad a = {0}, b = {0}, c = {0}, d = {0};
        for (; i < end; i += 4) {
            a += load(row[0] + i);
            b += load(row[1] + i);
            c += load(row[2] + i);
            d += load(row[3] + i);
        }
        quad block = neighbours(neighbours(a, b), neighbours(c, d));
        for (int k = 0; k < 4; ++k) sums[k] += block[k];
    }
    for (; i < positions; ++i)
        for (int k = 0; k < 4; ++k) sums[k] += row[k][i];
    for (int k = 0; k < 4; ++k) means[k] = (float)(sums[k] / (double)positions);
}

static void means_of_rows(const float *rows, npy_intp count, npy_intp positions, float *means)
{
    if (positions == 1) {
        memcpy(means, rows, (size_t)count * sizeof *means);
        return;
    }
    npy_intp row = 0;
    for (; row + 4 <= count; row += 4) means_of_four_rows(rows + row * positions, positions, positions, means + row);
    for (; row < count; ++row) { /* four times the same, so that no mean depends on which rows come with it */
        float same[4];
        means_of_four_rows(rows + row * positions, 0, positions, same);
        means[row] = same[0];
    }
}

/* Whether a tensor is in single precision, of three dimensions or more, in order, in memory of the processor. */
static int is_readable(const core_tensor *tensor)
{
    if (tensor->device.type != CORE_CPU || tensor->data == NULL || tensor->dimensions < 3 ||
        tensor->element.code != CORE_FLOAT || tensor->element.bits != 32 || tensor->element.lanes != 1)
        return 0;
    int64_t stride = 1;
    for (int i = tensor->dimensions - 1; tensor->strides != NULL && i >= 0; --i) {
        if (tensor->shape[i] != 1 && tensor->strides[i] != stride) return 0;
        stride *= tensor->shape[i];
    }
    return 1;
}

/* Whether a tensor has the shape that a tuple of numbers says; -1 with an exception where that is no such tuple. */
static int has_shape(const core_tensor *tensor, PyObject *shape)
{
    if (!PyTuple_Check(shape)) {
        PyErr_SetString(PyExc_TypeError, "shape must be a tuple");
        return -1;
    }
    Py_ssize_t dimensions = PyTuple_Size(shape);
    if (dimensions != tensor->dimensions) return 0;
    for (Py_ssize_t i = 0; i < dimensions; ++i) {
        long long size = PyLong_AsLongLong(PyTuple_GetItem(shape, i));
        if (size == -1 && PyErr_Occurred()) return -1;
        if (size != tensor->shape[i]) return 0;
    }
    return 1;
}

/* The rows from `first` on of a float32 array, or a new array where it is none or has no such rows. The array that has
 * them is a new reference in `holder`. */
static float *rows_of(PyObject *room, long long first, npy_intp shape[2], PyObject **holder)
{
    PyArrayObject *array = (PyArrayObject *)room;
    if (room != NULL && PyArray_Check(room) && PyArray_NDIM(array) == 2 && PyArray_TYPE(array) == NPY_FLOAT &&
        PyArray_ISCARRAY(array) && PyArray_DIM(array, 1) == shape[1] && first >= 0 &&
        first <= PyArray_DIM(array, 0) - shape[0]) {
        *holder = Py_NewRef(room);
        return (float *)PyArray_DATA(array) + first * shape[1];
    }
    *holder = PyArray_SimpleNew(2, shape, NPY_FLOAT);
    return *holder == NULL ? NULL : PyArray_DATA((PyArrayObject *)*holder);
}

/* The numbers of the samples in a one-dimensional int64 array, or NULL with an exception. */
static const int64_t *samples_in(PyObject *object, int64_t samples)
{
    PyArrayObject *array = (PyArrayObject *)object;
    if (!PyArray_Check(object) || PyArray_NDIM(array) != 1 || PyArray_TYPE(array) != NPY_INT64 ||
        !PyArray_ISCARRAY_RO(array)) {
        PyErr_SetString(PyExc_TypeError, "samples must be a contiguous one-dimensional int64 array, or None");
        return NULL;
    }
    const int64_t *numbers = PyArray_DATA(array);
    for (npy_intp i = 0; i < PyArray_SIZE(array); ++i) {
        if (numbers[i] < 0 || numbers[i] >= samples) {
            PyErr_Format(PyExc_IndexError, "sample %lld is none of %lld", (long long)numbers[i], (long long)samples);
            return NULL;
        }
    }
    return numbers;
}

PyObject *core_points_of(const core_tensor *tensor, const core_wanted *wanted, PyObject *samples_wanted, PyObject *room,
                         long long first)
{
    int as_expected = has_shape(tensor, wanted->shape);
    if (as_expected < 0) return NULL;
    const int of_token = wanted->token != Py_None;
    const long long token = of_token ? PyLong_AsLongLong(wanted->token) : 0;
    if (token == -1 && PyErr_Occurred()) return NULL;
    if (!as_expected || !is_readable(tensor)) Py_RETURN_NONE;

    /* A sample is `outer` rows of `inner` numbers: channels of positions, or tokens of channels. */
    npy_intp samples = tensor->shape[0], outer = tensor->shape[1], inner = 1;
    for (int i = 2; i < tensor->dimensions; ++i) inner *= tensor->shape[i];
    if (of_token && (token < 0 || token >= outer)) Py_RETURN_NONE;
    const int64_t *chosen = NULL;
    if (samples_wanted != Py_None) {
        if ((chosen = samples_in(samples_wanted, samples)) == NULL) return NULL;
        samples = PyArray_SIZE((PyArrayObject *)samples_wanted);
    }
    npy_intp shape[2] = {samples, of_token ? inner : outer};
    PyObject *out;
    float *points = rows_of(room, first, shape, &out);
    if (points == NULL) return NULL;
    const float *numbers = (const float *)((const char *)tensor->data + tensor->offset);
    /* The caller holds the tensor and the samples. Letting others run takes longer than small means do. */
    PyThreadState *others = !of_token && samples * outer * inner > LARGE ? PyEval_SaveThread() : NULL;
    if (chosen == NULL && !of_token) means_of_rows(numbers, samples * outer, inner, points);
    else
        for (npy_intp i = 0; i < samples; ++i) {
            const float *sample = numbers + (chosen == NULL ? i : chosen[i]) * outer * inner;
            if (of_token) memcpy(points + i * inner, sample + token * inner, (size_t)inner * sizeof *points);
            else means_of_rows(sample, outer, inner, points + i * outer);
        }
    if (others != NULL) PyEval_RestoreThread(others);
    return out;
}

PyObject *core_points(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 4) {
        PyErr_SetString(PyExc_TypeError, "points takes 4 arguments");
        return NULL;
    }
    core_tensor tensor;
    PyObject *keeper;
    int described = core_describe_tensor(core_get_state(module), args[0], &tensor, &keeper);
    if (described < 0) return NULL;
    if (!described) Py_RETURN_NONE;
    PyObject *points = core_points_of(&tensor, &(core_wanted){args[1], args[2]}, args[3], NULL, 0);
    Py_XDECREF(keeper);
    return points;
}
