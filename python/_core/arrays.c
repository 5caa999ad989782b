#include "core.h"

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
