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

/* Large results are written past the caches, a line at a time: where rows begin in the middle of one, lines are written in
 * two parts, each of which reads the line first. Hence memory that begins with a line; what malloc takes from the system
 * each time begins with a large page, so that there are no small ones before the first. (Not posix_memalign, which has the
 * memory of a result that went away handed out anew by the system.) */
enum { LINE = 64, LARGE_PAGE = 1 << 21, FEWEST_FROM_SYSTEM = 32 << 20 };

/* Stands before the memory. */
typedef struct {
    void *block;
    size_t size;
} block_header;

static void *allocate(void *context, size_t size)
{
    (void)context;
    size_t alignment = size > FEWEST_FROM_SYSTEM ? LARGE_PAGE : LINE;
    if (size > SIZE_MAX - alignment - sizeof(block_header)) return NULL;
    char *block = malloc(size + alignment + sizeof(block_header));
    if (block == NULL) return NULL;
    char *memory = (char *)(((uintptr_t)block + sizeof(block_header) + alignment - 1) & ~(uintptr_t)(alignment - 1));
    ((block_header *)memory)[-1] = (block_header){block, size};
#ifdef MADV_HUGEPAGE
    char *page = (char *)(((uintptr_t)memory + 4095) & ~(uintptr_t)4095);
    if (size > LARGE_PAGE) madvise(page, size - (size_t)(page - memory), MADV_HUGEPAGE); /* a wish */
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

static PyDataMem_Handler whole_lines = {
    "toposcope_whole_lines", 1, {NULL, allocate, allocate_zeros, reallocate, release}};

PyObject *core_new_matrix(npy_intp rows)
{
    npy_intp shape[2] = {rows, rows};
    /* Smaller ones stay in the caches. */
    if (rows <= 1024 || rows > 1 << 20) return PyArray_SimpleNew(2, shape, NPY_FLOAT);
    PyObject *handler = PyCapsule_New(&whole_lines, "mem_handler", NULL);
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
