#include "core.h"

/* What a layer's hook does in most passes, in C: in the midst of a pass, which has driven all else out of the caches, a
 * function of Python takes ten times as long as by itself. All else it leaves to a function of Python. */

typedef struct {
    PyObject_HEAD
    unsigned long thread; /* in which it was made */
    long long samples, first;
    PyObject *rows, *calls, *staged, *rooms; /* NULL while there is no such pass */
} Pass;

typedef struct {
    PyObject_HEAD
    Pass *pass;
    PyObject *name, *otherwise;
    PyObject *wanted; /* (shape, token), or anything else */
} Hook;

static int pass_clear(PyObject *object)
{
    Pass *self = (Pass *)object;
    Py_CLEAR(self->rows);
    Py_CLEAR(self->calls);
    Py_CLEAR(self->staged);
    Py_CLEAR(self->rooms);
    return 0;
}

static int pass_traverse(PyObject *object, visitproc visit, void *arg)
{
    Pass *self = (Pass *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->rows);
    Py_VISIT(self->calls);
    Py_VISIT(self->staged);
    Py_VISIT(self->rooms);
    return 0;
}

static int hook_clear(PyObject *object)
{
    Hook *self = (Hook *)object;
    Py_CLEAR(self->pass);
    Py_CLEAR(self->name);
    Py_CLEAR(self->otherwise);
    Py_CLEAR(self->wanted);
    return 0;
}

static int hook_traverse(PyObject *object, visitproc visit, void *arg)
{
    Hook *self = (Hook *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->pass);
    Py_VISIT(self->name);
    Py_VISIT(self->otherwise);
    Py_VISIT(self->wanted);
    return 0;
}

static void deallocate(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    ((inquiry)PyType_GetSlot(Py_TYPE(object), Py_tp_clear))(object);
    core_release(object);
}

static PyObject *pass_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":Pass", names)) return NULL;
    Pass *self = (Pass *)core_allocate(type);
    if (self != NULL) self->thread = PyThread_get_thread_ident();
    return (PyObject *)self;
}

PyDoc_STRVAR(begin_doc,
             "begin($self, samples, rows, first, calls, staged, rooms, /)\n--\n\n"
             "A pass of so many samples, of which `rows` are kept (None: all). Hooks write their points to the arrays in\n"
             "`rooms` from row `first` on, or to new ones, put these into `staged`, and 1 into `calls`.");

static PyObject *pass_begin(PyObject *object, PyObject *args)
{
    Pass *self = (Pass *)object;
    long long samples, first;
    PyObject *rows, *calls, *staged, *rooms;
    if (!PyArg_ParseTuple(args, "LOLO!O!O!:begin", &samples, &rows, &first, &PyDict_Type, &calls, &PyDict_Type, &staged,
                          &PyDict_Type, &rooms))
        return NULL;
    self->samples = samples, self->first = first;
    core_put(&self->rows, Py_NewRef(rows));
    core_put(&self->calls, Py_NewRef(calls));
    core_put(&self->staged, Py_NewRef(staged));
    core_put(&self->rooms, Py_NewRef(rooms));
    Py_RETURN_NONE;
}

PyDoc_STRVAR(end_doc, "end($self, /)\n--\n\nNo pass runs in which hooks do without Python.");

static PyObject *pass_end(PyObject *object, PyObject *unused)
{
    (void)unused;
    pass_clear(object);
    Py_RETURN_NONE;
}

static PyObject *hook_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"", "", "", NULL};
    core_state *state = PyType_GetModuleState(type);
    PyObject *pass, *name, *otherwise;
    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, kwargs, "O!UO:Hook", names, state->pass_type, &pass, &name,
                                                      &otherwise))
        return NULL;
    Hook *self = (Hook *)core_allocate(type);
    if (self == NULL) return NULL;
    self->pass = (Pass *)Py_NewRef(pass);
    self->name = Py_NewRef(name);
    self->otherwise = Py_NewRef(otherwise);
    return (PyObject *)self;
}

/* The points of what a layer gave: an array; None where it is not what the pass before lets expect; or NULL. */
static PyObject *points_of(Hook *self, PyObject *value, PyObject *rows, PyObject *room)
{
    core_tensor tensor;
    PyObject *keeper, *shape_and_token = Py_NewRef(self->wanted); /* describing a tensor may run functions of Python */
    int described = core_describe_tensor(PyType_GetModuleState(Py_TYPE(self)), value, &tensor, &keeper);
    PyObject *points = described < 0 ? NULL : Py_NewRef(Py_None);
    if (described > 0 && tensor.dimensions > 0 && tensor.shape[0] == self->pass->samples) {
        core_wanted wanted = {PyTuple_GetItem(shape_and_token, 0), PyTuple_GetItem(shape_and_token, 1)};
        core_put(&points, core_points_of(&tensor, &wanted, rows, room, self->pass->first));
    }
    Py_XDECREF(keeper);
    Py_DECREF(shape_and_token);
    return points;
}

/* Whether the points of what a layer gave are taken; -1 with an exception. */
static int take(Hook *self, PyObject *value)
{
    Pass *pass = self->pass;
    if (pass->calls == NULL || self->wanted == NULL || !PyTuple_Check(self->wanted) || PyTuple_Size(self->wanted) != 2 ||
        pass->thread != PyThread_get_thread_ident())
        return 0;
    int called = PyDict_Contains(pass->calls, self->name);
    if (called) return called < 0 ? -1 : 0;
    PyObject *room = PyDict_GetItemWithError(pass->rooms, self->name);
    if (room == NULL && PyErr_Occurred()) return -1;

    /* Large means let other threads run, and modes of PyTorch any function: these may end the pass. */
    PyObject *calls = Py_NewRef(pass->calls), *staged = Py_NewRef(pass->staged), *rows = Py_NewRef(pass->rows);
    Py_XINCREF(room);
    PyObject *points = points_of(self, value, rows, room), *once = PyLong_FromLong(1);
    int taken = points == NULL || once == NULL ? -1 : points != Py_None;
    if (taken == 1 &&
        (PyDict_SetItem(staged, self->name, points) < 0 || PyDict_SetItem(calls, self->name, once) < 0))
        taken = -1;
    Py_XDECREF(once);
    Py_XDECREF(points);
    Py_XDECREF(room);
    Py_DECREF(rows);
    Py_DECREF(staged);
    Py_DECREF(calls);
    return taken;
}

static PyObject *hook_call(PyObject *object, PyObject *args, PyObject *kwargs)
{
    Hook *self = (Hook *)object;
    int taken = kwargs == NULL && PyTuple_Size(args) == 3 ? take(self, PyTuple_GetItem(args, 2)) : 0;
    if (taken < 0) return NULL;
    if (!taken) {
        PyObject *wanted = PyObject_Call(self->otherwise, args, kwargs);
        if (wanted == NULL) return NULL;
        core_put(&self->wanted, wanted);
    }
    Py_RETURN_NONE;
}

static PyMethodDef pass_methods[] = {
    {"begin", pass_begin, METH_VARARGS, begin_doc},
    {"end", pass_end, METH_NOARGS, end_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot pass_slots[] = {
    {Py_tp_doc, (void *)"Pass()\n--\n\n"
                        "A forward pass in which every layer is to give one point of each sample, as hooks of this thread\n"
                        "see it."},
    {Py_tp_new, (void *)pass_new},
    {Py_tp_dealloc, (void *)deallocate},
    {Py_tp_traverse, (void *)pass_traverse},
    {Py_tp_clear, (void *)pass_clear},
    {Py_tp_methods, pass_methods},
    {0, NULL},
};

PyType_Spec core_pass_spec = {
    .name = "toposcope._core.Pass",
    .basicsize = sizeof(Pass),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = pass_slots,
};

static PyType_Slot hook_slots[] = {
    {Py_tp_doc, (void *)"Hook(pass, name, otherwise, /)\n--\n\n"
                        "A forward hook (module, arguments, output) of a layer, which takes the points of a tensor like that of\n"
                        "the pass before. All else is given to the function `otherwise`, which returns what may come next:\n"
                        "(shape, token) as in `points`, or None."},
    {Py_tp_new, (void *)hook_new},
    {Py_tp_dealloc, (void *)deallocate},
    {Py_tp_traverse, (void *)hook_traverse},
    {Py_tp_clear, (void *)hook_clear},
    {Py_tp_call, (void *)hook_call},
    {0, NULL},
};

PyType_Spec core_hook_spec = {
    .name = "toposcope._core.Hook",
    .basicsize = sizeof(Hook),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = hook_slots,
};
