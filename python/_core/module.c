/* toposcope._core: the C extension between Python and libtoposcope.so. */
#define TOPOSCOPE_CORE_IMPORTS_NUMPY
#include "core.h"

core_state *core_get_state(PyObject *module) { return PyModule_GetState(module); }

PyObject *core_raise(core_state *state, tps_status status, const tps_detail *detail)
{
    tps_detail nowhere = {-1, -1, 0};
    if (detail == NULL) detail = &nowhere;
    PyObject *args = Py_BuildValue("iLLd", (int)status, (long long)detail->row, (long long)detail->column,
                                   detail->value);
    if (args != NULL) PyErr_SetObject(state->error, args);
    Py_XDECREF(args);
    return NULL;
}

PyDoc_STRVAR(distances_doc,
             "distances($module, points, metric, threads, progress, /)\n--\n\n"
             "All pairwise distances: (n, n) float32, and what was done.");

static PyObject *core_distances(PyObject *module, PyObject *args)
{
    PyObject *points, *metric_tuple, *callback;
    int threads;
    tps_array array;
    core_metric metric;
    if (!PyArg_ParseTuple(args, "OOiO:distances", &points, &metric_tuple, &threads, &callback)) return NULL;
    if (core_describe(points, "points", &array) < 0 || core_read_metric(metric_tuple, &metric) < 0) return NULL;
    PyObject *out = core_new_matrix((npy_intp)array.rows);
    if (out == NULL) return NULL;
    core_call call;
    tps_distance_facts facts;
    tps_detail detail = {-1, -1, 0};
    float *entries = PyArray_DATA((PyArrayObject *)out);
    core_call_begin(&call, callback);
    tps_status status =
        tps_distances(&array, &metric.metric, threads, core_report, &call, entries, &facts, &detail);
    core_call_end(&call);
    if (!call.raised && status == TPS_OK) return Py_BuildValue("NN", out, core_distance_facts(&facts));
    Py_DECREF(out);
    return call.raised ? NULL : core_raise(core_get_state(module), status, &detail);
}

PyDoc_STRVAR(landmarks_doc,
             "landmarks($module, points, metric, count, first, threads, progress, /)\n--\n\n"
             "Farthest-point landmarks: (count,) int64, and the greatest distance of a point from them.");

static PyObject *core_landmarks(PyObject *module, PyObject *args)
{
    PyObject *points, *metric_tuple, *callback;
    long long count, first;
    int threads;
    tps_array array;
    core_metric metric;
    if (!PyArg_ParseTuple(args, "OOLLiO:landmarks", &points, &metric_tuple, &count, &first, &threads, &callback))
        return NULL;
    if (core_describe(points, "points", &array) < 0 || core_read_metric(metric_tuple, &metric) < 0) return NULL;
    npy_intp shape[1] = {count > 0 && count <= array.rows ? count : 0};
    PyObject *out = PyArray_SimpleNew(1, shape, NPY_INT64);
    if (out == NULL) return NULL;
    core_call call;
    double covering_radius = 0;
    tps_detail detail = {-1, -1, 0};
    int64_t *indices = PyArray_DATA((PyArrayObject *)out);
    core_call_begin(&call, callback);
    tps_status status = tps_landmarks(&array, &metric.metric, count, first, threads, core_report, &call, indices,
                                      &covering_radius, &detail);
    core_call_end(&call);
    if (!call.raised && status == TPS_OK) return Py_BuildValue("Nd", out, covering_radius);
    Py_DECREF(out);
    return call.raised ? NULL : core_raise(core_get_state(module), status, &detail);
}

PyDoc_STRVAR(rips_doc,
             "rips($module, points, metric, options, progress, /)\n--\n\n"
             "options: (max_dimension, modulus, threshold, threads, flags, max_memory).");

PyDoc_STRVAR(rips_edges_doc,
             "rips_edges($module, vertices, tails, heads, lengths, options, progress, /)\n--\n\n"
             "The same from a list of edges: int64, int64 and float32 arrays of one length.");

PyDoc_STRVAR(points_doc,
             "points($module, output, shape, token, samples, /)\n--\n\n"
             "One point a sample of a tensor of PyTorch: the means over the positions (samples, channels, positions...),\n"
             "or for a number `token` that token (samples, tokens, channels). Of some samples (None: all): (m, channels)\n"
             "float32. None for all but contiguous tensors of float32 in the memory of the processor, of this shape, of\n"
             "three dimensions and more, with numbers in them.");

PyDoc_STRVAR(read_tensors_doc,
             "read_tensors($module, type, exchange, to_dlpack, /)\n--\n\n"
             "Read tensors of a type by DLPack: by the functions in a capsule, or where this is None (or of a version that\n"
             "is not known) by capsules that `to_dlpack` makes.");

PyDoc_STRVAR(status_name_doc, "status_name($module, status, /)\n--\n\nThe name of a status.");

static PyObject *core_status_name(PyObject *module, PyObject *args)
{
    (void)module;
    int status;
    if (!PyArg_ParseTuple(args, "i:status_name", &status)) return NULL;
    return PyUnicode_FromString(tps_status_name(status));
}

PyDoc_STRVAR(version_doc, "version($module, /)\n--\n\nThe version of the library that runs.");

static PyObject *core_version(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyUnicode_FromString(tps_version());
}

static PyMethodDef methods[] = {
    {"distances", core_distances, METH_VARARGS, distances_doc},
    {"rips", core_rips, METH_VARARGS, rips_doc},
    {"rips_edges", core_rips_edges, METH_VARARGS, rips_edges_doc},
    {"landmarks", core_landmarks, METH_VARARGS, landmarks_doc},
    {"points", (PyCFunction)(void (*)(void))core_points, METH_FASTCALL, points_doc},
    {"read_tensors", core_read_tensors, METH_VARARGS, read_tensors_doc},
    {"status_name", core_status_name, METH_VARARGS, status_name_doc},
    {"version", core_version, METH_NOARGS, version_doc},
    {NULL, NULL, 0, NULL},
};

static int import_numpy(void)
{
    import_array1(-1);
    return 0;
}

static int add_type(PyObject *module, PyType_Spec *spec, const char *name, PyObject **type)
{
    *type = PyType_FromModuleAndSpec(module, spec, NULL);
    return *type == NULL ? -1 : PyModule_AddObjectRef(module, name, *type);
}

static int execute(PyObject *module)
{
    core_state *state = core_get_state(module);
    if (import_numpy() < 0) return -1;
    if ((state->is_neg = PyUnicode_InternFromString("is_neg")) == NULL) return -1;
    state->error = PyErr_NewExceptionWithDoc("toposcope._core.Error", "args: (status, row, column, value)", NULL, NULL);
    if (state->error == NULL || PyModule_AddObjectRef(module, "Error", state->error) < 0) return -1;
    if (add_type(module, &core_rips_spec, "Rips", &state->rips_type) < 0 ||
        add_type(module, &core_pass_spec, "Pass", &state->pass_type) < 0 ||
        add_type(module, &core_hook_spec, "Hook", &state->hook_type) < 0)
        return -1;
    return 0;
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    core_state *state = core_get_state(module);
    Py_VISIT(state->error);
    Py_VISIT(state->rips_type);
    Py_VISIT(state->pass_type);
    Py_VISIT(state->hook_type);
    Py_VISIT(state->tensor_type);
    Py_VISIT(state->to_dlpack);
    return 0;
}

static int clear(PyObject *module)
{
    core_state *state = core_get_state(module);
    Py_CLEAR(state->error);
    Py_CLEAR(state->rips_type);
    Py_CLEAR(state->pass_type);
    Py_CLEAR(state->hook_type);
    Py_CLEAR(state->tensor_type);
    Py_CLEAR(state->to_dlpack);
    Py_CLEAR(state->is_neg);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, (void *)execute},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "toposcope._core",
    .m_doc = "Between Python and libtoposcope.so. Use the functions of `toposcope`.",
    .m_size = sizeof(core_state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&definition); }
