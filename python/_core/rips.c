#include "core.h"

/* _core.Rips: owns one tps_rips handle. It holds no Python object, so it needs no garbage collection. */
typedef struct {
    PyObject_HEAD
    tps_rips *handle;
} Rips;

static void rips_dealloc(PyObject *self)
{
    tps_rips_free(((Rips *)self)->handle);
    core_release(self);
}

static core_state *state_of(PyObject *self)
{
    return PyType_GetModuleState(Py_TYPE(self));
}

static PyObject *new_array(int dimensions, npy_intp rows, npy_intp columns, int type)
{
    npy_intp shape[2] = {rows, columns};
    return PyArray_SimpleNew(dimensions, shape, type);
}

PyDoc_STRVAR(bars_doc,
             "bars($self, dimension, /)\n--\n\n"
             "The bars of one dimension, longest first: (m, 2) float64, (m, 4) int64, (m,) bool.");

static PyObject *rips_bars(PyObject *self, PyObject *args)
{
    int dimension;
    if (!PyArg_ParseTuple(args, "i:bars", &dimension)) return NULL;
    tps_rips *handle = ((Rips *)self)->handle;
    int64_t count = tps_rips_bar_count(handle, dimension);
    if (count < 0) {
        tps_detail detail = {dimension, -1, 0};
        return core_raise(state_of(self), TPS_ERROR_NOT_COMPUTED, &detail);
    }
    PyObject *diagram = new_array(2, count, 2, NPY_DOUBLE);
    PyObject *edges = new_array(2, count, 4, NPY_INT64);
    PyObject *censored = new_array(1, count, 0, NPY_BOOL);
    if (diagram == NULL || edges == NULL || censored == NULL) goto fail;
    tps_status status = tps_rips_bars(handle, dimension, PyArray_DATA((PyArrayObject *)diagram),
                                      PyArray_DATA((PyArrayObject *)edges), PyArray_DATA((PyArrayObject *)censored));
    if (status != TPS_OK) {
        core_raise(state_of(self), status, NULL);
        goto fail;
    }
    return Py_BuildValue("NNN", diagram, edges, censored);
fail:
    Py_XDECREF(diagram);
    Py_XDECREF(edges);
    Py_XDECREF(censored);
    return NULL;
}

PyDoc_STRVAR(cocycle_doc,
             "cocycle($self, dimension, bar, progress, /)\n--\n\n"
             "A representative cocycle: (c, dimension + 1) int64 vertices and (c,) int64 values.");

static PyObject *rips_cocycle(PyObject *self, PyObject *args)
{
    int dimension;
    long long bar;
    PyObject *callback;
    if (!PyArg_ParseTuple(args, "iLO:cocycle", &dimension, &bar, &callback)) return NULL;
    tps_rips *handle = ((Rips *)self)->handle;
    core_call call;
    tps_detail detail;
    int64_t count = 0;
    core_call_begin(&call, callback);
    tps_status status = tps_rips_cocycle(handle, dimension, bar, core_report, &call, &count, NULL, NULL, &detail);
    core_call_end(&call);
    if (call.raised) return NULL;
    if (status != TPS_OK) return core_raise(state_of(self), status, &detail);
    PyObject *simplices = new_array(2, count, dimension + 1, NPY_INT64);
    PyObject *values = new_array(1, count, 0, NPY_INT64);
    if (simplices == NULL || values == NULL) goto fail;
    int64_t *vertices = PyArray_DATA((PyArrayObject *)simplices), *terms = PyArray_DATA((PyArrayObject *)values);
    core_call_begin(&call, callback); /* those of dimension 0 are worked out again */
    status = tps_rips_cocycle(handle, dimension, bar, core_report, &call, &count, vertices, terms, &detail);
    core_call_end(&call);
    if (!call.raised && status == TPS_OK) return Py_BuildValue("NN", simplices, values);
    if (!call.raised) core_raise(state_of(self), status, &detail);
fail:
    Py_XDECREF(simplices);
    Py_XDECREF(values);
    return NULL;
}

PyDoc_STRVAR(cycle_doc,
             "cycle($self, dimension, bar, progress, /)\n--\n\n"
             "A representative cycle: (c, dimension + 1) int64 vertices, in order round the loop in dimension 1.");

static PyObject *rips_cycle(PyObject *self, PyObject *args)
{
    int dimension;
    long long bar;
    PyObject *callback;
    if (!PyArg_ParseTuple(args, "iLO:cycle", &dimension, &bar, &callback)) return NULL;
    tps_rips *handle = ((Rips *)self)->handle;
    core_call call;
    tps_detail detail;
    int64_t count = 0;
    core_call_begin(&call, callback);
    tps_status status = tps_rips_cycle(handle, dimension, bar, core_report, &call, &count, NULL, &detail);
    core_call_end(&call);
    if (call.raised) return NULL;
    if (status != TPS_OK) return core_raise(state_of(self), status, &detail);
    PyObject *simplices = new_array(2, count, dimension + 1, NPY_INT64);
    if (simplices == NULL) return NULL;
    int64_t *vertices = PyArray_DATA((PyArrayObject *)simplices);
    core_call_begin(&call, callback); /* worked out again only if another thread asked for another one */
    status = tps_rips_cycle(handle, dimension, bar, core_report, &call, &count, vertices, &detail);
    core_call_end(&call);
    if (!call.raised && status == TPS_OK) return simplices;
    Py_DECREF(simplices);
    return call.raised ? NULL : core_raise(state_of(self), status, &detail);
}

PyDoc_STRVAR(facts_doc, "facts($self, /)\n--\n\nHow the diagrams were got.");

static PyObject *rips_facts(PyObject *self, PyObject *unused)
{
    (void)unused;
    tps_rips_facts facts;
    tps_status status = tps_rips_get_facts(((Rips *)self)->handle, &facts);
    if (status != TPS_OK) return core_raise(state_of(self), status, NULL);
    PyObject *distances = core_distance_facts(&facts.distances);
    if (distances == NULL) return NULL;
    return Py_BuildValue("{s:L,s:L,s:i,s:i,s:d,s:d,s:d,s:d,s:d,s:d,s:N}", "vertices", (long long)facts.vertices,
                         "edges", (long long)facts.edges, "max_dimension", facts.max_dimension, "modulus",
                         facts.modulus, "threshold", facts.threshold, "enclosing_radius", facts.enclosing_radius,
                         "stopping_radius", facts.stopping_radius, "seconds_distances", facts.seconds_distances,
                         "seconds_filtration", facts.seconds_filtration, "seconds_persistence",
                         facts.seconds_persistence, "distances", distances);
}

static PyMethodDef rips_methods[] = {
    {"bars", rips_bars, METH_VARARGS, bars_doc},
    {"cocycle", rips_cocycle, METH_VARARGS, cocycle_doc},
    {"cycle", rips_cycle, METH_VARARGS, cycle_doc},
    {"facts", rips_facts, METH_NOARGS, facts_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot rips_slots[] = {
    {Py_tp_doc, (void *)"The diagrams of one filtration, held by the core."},
    {Py_tp_dealloc, (void *)rips_dealloc},
    {Py_tp_methods, rips_methods},
    {0, NULL},
};

PyType_Spec core_rips_spec = {
    .name = "toposcope._core.Rips",
    .basicsize = sizeof(Rips),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = rips_slots,
};

static PyObject *wrap(core_state *state, tps_rips *handle)
{
    Rips *result = (Rips *)core_allocate((PyTypeObject *)state->rips_type);
    if (result == NULL) {
        tps_rips_free(handle);
        return NULL;
    }
    result->handle = handle;
    return (PyObject *)result;
}

/* Reads (max_dimension, modulus, threshold, threads, flags, max_memory). */
static int read_options(PyObject *tuple, tps_rips_options *options, core_call *call)
{
    tps_rips_options_init(options);
    long long max_memory;
    if (!PyTuple_Check(tuple)) {
        PyErr_SetString(PyExc_TypeError, "options must be a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(tuple, "iidiiL", &options->max_dimension, &options->modulus, &options->threshold,
                          &options->threads, &options->flags, &max_memory))
        return -1;
    options->max_memory = max_memory;
    options->progress = core_report;
    options->context = call;
    return 0;
}

static PyObject *finish(core_state *state, const core_call *call, tps_status status, const tps_detail *detail,
                        tps_rips *handle)
{
    if (call->raised) {
        tps_rips_free(handle);
        return NULL;
    }
    if (status != TPS_OK) return core_raise(state, status, detail);
    return wrap(state, handle);
}

PyObject *core_rips(PyObject *module, PyObject *args)
{
    core_state *state = core_get_state(module);
    PyObject *points, *metric_tuple, *options_tuple, *callback;
    tps_array array;
    core_metric metric;
    tps_rips_options options;
    core_call call;
    if (!PyArg_ParseTuple(args, "OOOO:rips", &points, &metric_tuple, &options_tuple, &callback)) return NULL;
    if (core_describe(points, "points", &array) < 0 || core_read_metric(metric_tuple, &metric) < 0 ||
        read_options(options_tuple, &options, &call) < 0)
        return NULL;
    tps_rips *handle = NULL;
    tps_detail detail = {-1, -1, 0};
    core_call_begin(&call, callback);
    tps_status status = tps_rips_points(&array, &metric.metric, &options, &handle, &detail);
    core_call_end(&call);
    return finish(state, &call, status, &detail, handle);
}

PyObject *core_rips_edges(PyObject *module, PyObject *args)
{
    core_state *state = core_get_state(module);
    long long vertices;
    PyObject *objects[3], *options_tuple, *callback;
    static const int types[3] = {NPY_INT64, NPY_INT64, NPY_FLOAT};
    tps_rips_options options;
    core_call call;
    if (!PyArg_ParseTuple(args, "LOOOOO:rips_edges", &vertices, &objects[0], &objects[1], &objects[2], &options_tuple,
                          &callback))
        return NULL;
    for (int i = 0; i < 3; ++i) {
        PyArrayObject *array = (PyArrayObject *)objects[i];
        if (!PyArray_Check(objects[i]) || PyArray_NDIM(array) != 1 || PyArray_TYPE(array) != types[i] ||
            !PyArray_IS_C_CONTIGUOUS(array) || !PyArray_ISBEHAVED_RO(array) ||
            PyArray_DIM(array, 0) != PyArray_DIM((PyArrayObject *)objects[0], 0)) {
            PyErr_SetString(PyExc_TypeError,
                            "tails, heads and lengths must be contiguous int64, int64 and float32 arrays of one length");
            return NULL;
        }
    }
    if (read_options(options_tuple, &options, &call) < 0) return NULL;
    int64_t count = PyArray_DIM((PyArrayObject *)objects[0], 0);
    const int64_t *tails = PyArray_DATA((PyArrayObject *)objects[0]);
    const int64_t *heads = PyArray_DATA((PyArrayObject *)objects[1]);
    const float *lengths = PyArray_DATA((PyArrayObject *)objects[2]);
    tps_rips *handle = NULL;
    tps_detail detail = {-1, -1, 0};
    core_call_begin(&call, callback);
    tps_status status = tps_rips_edges(vertices, count, tails, heads, lengths, &options, &handle, &detail);
    core_call_end(&call);
    return finish(state, &call, status, &detail, handle);
}
