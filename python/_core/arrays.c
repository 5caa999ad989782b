#include "core.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int core_describe(PyObject *object, const char *name, tps_array *out)
{
    if (!PyArray_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a numpy.ndarray", name);
        return -1;
    }
    PyArrayObject *array = (PyArrayObject *)object;
    int type = PyArray_TYPE(array);
    if (PyArray_NDIM(array) != 2 || (type != NPY_FLOAT && type != NPY_DOUBLE) || !PyArray_ISBEHAVED_RO(array)) {
        PyErr_Format(PyExc_TypeError, "%s must be two-dimensional, float32 or float64, aligned, in native byte order",
                     name);
        return -1;
    }
    out->data = PyArray_DATA(array);
    out->rows = PyArray_DIM(array, 0);
    out->columns = PyArray_DIM(array, 1);
    out->row_stride = PyArray_STRIDE(array, 0);
    out->column_stride = PyArray_STRIDE(array, 1);
    out->element_type = type == NPY_FLOAT ? TPS_FLOAT32 : TPS_FLOAT64;
    return 0;
}

int core_read_metric(PyObject *tuple, core_metric *out)
{
    PyObject *covariance_matrix, *reference, *neighbor_reference;
    long long neighbors;
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "metric must be a tuple");
        return -1;
    }
    tps_metric_init(&out->metric);
    if (!PyArg_ParseTuple(tuple, "iidOOLiiO", &out->metric.metric, &out->metric.covariance, &out->metric.shrinkage,
                          &covariance_matrix, &reference, &neighbors, &out->metric.scaling, &out->metric.duplicates,
                          &neighbor_reference))
        return -1;
    out->metric.neighbors = neighbors;
    if (covariance_matrix != Py_None) {
        if (core_describe(covariance_matrix, "covariance_matrix", &out->covariance_matrix) < 0) return -1;
        out->metric.covariance_matrix = &out->covariance_matrix;
    }
    if (reference != Py_None) {
        if (core_describe(reference, "reference", &out->reference) < 0) return -1;
        out->metric.reference = &out->reference;
    }
    if (neighbor_reference != Py_None) {
        if (core_describe(neighbor_reference, "neighbor_reference", &out->neighbor_reference) < 0) return -1;
        out->metric.neighbor_reference = &out->neighbor_reference;
    }
    return 0;
}

PyObject *core_distance_facts(const tps_distance_facts *facts)
{
    return Py_BuildValue("{s:d,s:d,s:L,s:L,s:d}", "shrinkage", facts->shrinkage, "condition", facts->condition, "rank",
                         (long long)facts->rank, "dimension", (long long)facts->dimension, "seconds", facts->seconds);
}

/* A large result is written past the caches, a line at a time, into memory that malloc takes from the system each time.
 * Let it begin with a large page: then no line is written in two parts, of which each would read it first, and no small
 * pages come before the first large one. (Not posix_memalign, whose memory is never that of a result that went away. Nor
 * for smaller results, for which malloc has holes of just their size.) */
enum { LARGE_PAGE = 1 << 21, MOST_ROWS_BELOW = 2896 }; /* 32 MB */

/* Stands before the memory. */
typedef struct {
    void *block;
    size_t size;
} block_header;

static void *allocate(void *context, size_t size)
{
    (void)context;
    const size_t before = sizeof(block_header) + LARGE_PAGE - 1;
    if (size > SIZE_MAX - before) return NULL;
    char *block = malloc(size + before);
    if (block == NULL) return NULL;
    char *memory = (char *)(((uintptr_t)block + before) & ~(uintptr_t)(LARGE_PAGE - 1));
    ((block_header *)memory)[-1] = (block_header){block, size};
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE); /* a wish */
#endif
    return memory;
}

static void release(void *context, void *memory, size_t size)
{
    (void)context, (void)size;
    if (memory != NULL) free(((block_header *)memory)[-1].block);
}

static void *allocate_zeros(void *context, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    void *memory = allocate(context, count * size);
    return memory == NULL ? NULL : memset(memory, 0, count * size);
}

static void *reallocate(void *context, void *memory, size_t size)
{
    void *moved = allocate(context, size);
    if (moved == NULL || memory == NULL) return moved;
    size_t before = ((block_header *)memory)[-1].size;
    memcpy(moved, memory, before < size ? before : size);
    release(context, memory, before);
    return moved;
}

static PyDataMem_Handler large_pages = {
    "toposcope_large_pages", 1, {NULL, allocate, allocate_zeros, reallocate, release}};

PyObject *core_new_matrix(npy_intp rows)
{
    npy_intp shape[2] = {rows, rows};
    if (rows <= MOST_ROWS_BELOW || rows > 1 << 20) return PyArray_SimpleNew(2, shape, NPY_FLOAT);
    PyObject *handler = PyCapsule_New(&large_pages, "mem_handler", NULL);
    if (handler == NULL) return NULL;
    PyObject *before = PyDataMem_SetHandler(handler);
    Py_DECREF(handler);
    if (before == NULL) return NULL;
    PyObject *matrix = PyArray_SimpleNew(2, shape, NPY_FLOAT); /* keeps its handler */
    PyObject *ours = PyDataMem_SetHandler(before);
    Py_DECREF(before);
    if (ours == NULL) {
        Py_XDECREF(matrix);
        return NULL;
    }
    Py_DECREF(ours);
    return matrix;
}
