#include "core.h"

/* Tensors of PyTorch are read by DLPack (dlpack.h; github.com/dmlc/dlpack): where PyTorch has it by its table of
 * functions in C, in a capsule named "dlpack_exchange_api", else by a capsule of each tensor, named "dltensor". */
typedef struct dl_exchange {
    struct {
        uint32_t major, minor;
    } version;
    const struct dl_exchange *older;
    void (*others[3])(void);
    core_describer describe; /* or NULL */
} dl_exchange;

enum { DL_MAJOR = 1 };

PyObject *core_read_tensors(PyObject *module, PyObject *args)
{
    core_state *state = core_get_state(module);
    PyObject *type, *capsule, *to_dlpack;
    if (!PyArg_ParseTuple(args, "O!OO:read_tensors", &PyType_Type, &type, &capsule, &to_dlpack)) return NULL;
    const dl_exchange *exchange = NULL;
    if (capsule != Py_None && (exchange = PyCapsule_GetPointer(capsule, "dlpack_exchange_api")) == NULL) return NULL;
    while (exchange != NULL && exchange->version.major > DL_MAJOR) exchange = exchange->older;
    const int is_known = exchange != NULL && exchange->version.major == DL_MAJOR;
    state->describe = is_known ? exchange->describe : NULL; /* the table lives as long as the process */
    core_put(&state->tensor_type, Py_NewRef(type));
    core_put(&state->to_dlpack, Py_NewRef(to_dlpack));
    Py_RETURN_NONE;
}

/* Whether the numbers in the memory of a tensor are to be read with the other sign; -1 with an exception. */
static int is_negated(const core_state *state, PyObject *tensor)
{
    PyObject *answer = PyObject_CallMethodObjArgs(tensor, state->is_neg, NULL);
    if (answer == NULL) return -1;
    int negated = PyObject_IsTrue(answer);
    Py_DECREF(answer);
    return negated;
}

int core_describe_tensor(const core_state *state, PyObject *object, core_tensor *out, PyObject **keeper)
{
    *keeper = NULL;
    if ((PyObject *)Py_TYPE(object) != state->tensor_type) return 0;
    int negated = is_negated(state, object);
    if (negated) return negated < 0 ? -1 : 0;
    if (state->describe != NULL) {
        if (state->describe(object, out) == 0) return 1;
    } else {
        PyObject *capsule = PyObject_CallFunctionObjArgs(state->to_dlpack, object, NULL);
        const core_tensor *tensor = capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, "dltensor");
        if (tensor != NULL) {
            *out = *tensor;
            *keeper = capsule;
            return 1;
        }
        Py_XDECREF(capsule);
    }
    /* What has no memory, such as tensors of torch.func. */
    if (!PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_RuntimeError)) return -1;
    PyErr_Clear();
    return 0;
}
