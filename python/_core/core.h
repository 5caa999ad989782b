/* What the files of the extension module share.
 *
 * The extension only translates: NumPy arrays become tps_array, tps_status becomes an exception, results become NumPy
 * arrays. Words, defaults and checks of meaning are in Python (toposcope/_native.py); algorithms are in Swift. But for
 * hooks.c and points.c: a capture calls them thousands of times, and they are done in microseconds.
 */
#ifndef TOPOSCOPE_CORE_H
#define TOPOSCOPE_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_23_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL toposcope_core_ARRAY_API
#ifndef TOPOSCOPE_CORE_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <stdint.h>

#include "toposcope.h"

/* How DLPack describes a tensor (dlpack.h, the same in versions 0 and 1; github.com/dmlc/dlpack). */
typedef struct {
    void *data;
    struct {
        int32_t type, number;
    } device;
    int32_t dimensions;
    struct {
        uint8_t code, bits;
        uint16_t lanes;
    } element;
    int64_t *shape, *strides; /* strides in elements; NULL where numbers lie in order */
    uint64_t offset;          /* of the first element, in bytes */
} core_tensor;

enum { CORE_CPU = 1, CORE_FLOAT = 2 };

/* Describes a tensor for as long as it is held. Returns -1 with an exception set. */
typedef int (*core_describer)(void *object, core_tensor *out);

typedef struct {
    PyObject *error;         /* _core.Error: args are (status, row, column, value) */
    PyObject *rips_type;     /* _core.Rips */
    PyObject *pass_type;     /* _core.Pass */
    PyObject *hook_type;     /* _core.Hook */
    PyObject *tensor_type;   /* that of the tensors that can be read, or NULL */
    core_describer describe; /* of them, or NULL */
    PyObject *to_dlpack;     /* else makes a capsule of one */
    PyObject *is_neg;        /* the name of a method */
} core_state;

core_state *core_get_state(PyObject *module);

/* Puts a new reference in the place of one that may be NULL. */
static inline void core_put(PyObject **place, PyObject *object)
{
    PyObject *before = *place;
    *place = object;
    Py_XDECREF(before);
}

/* A new object of a type of this module, and the end of one that has let go of what it held. */
static inline PyObject *core_allocate(PyTypeObject *type)
{
    return ((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
}

static inline void core_release(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

/* Raises _core.Error for a status other than TPS_OK. Returns NULL. */
PyObject *core_raise(core_state *state, tps_status status, const tps_detail *detail);

/* ---- arrays.c: NumPy in and out ---- */

/* Describes a two-dimensional float32 or float64 array, aligned and in native byte order. The array must outlive the
 * description. Returns -1 with TypeError set where `object` is anything else. */
int core_describe(PyObject *object, const char *name, tps_array *out);

/* The memory of a metric given as a tuple (metric, covariance, shrinkage, covariance_matrix, reference, neighbors,
 * scaling, duplicates, neighbor_reference), the three arrays None or two-dimensional. Borrows from the tuple. */
typedef struct {
    tps_metric metric;
    tps_array covariance_matrix;
    tps_array reference;
    tps_array neighbor_reference;
} core_metric;

int core_read_metric(PyObject *tuple, core_metric *out);

PyObject *core_distance_facts(const tps_distance_facts *facts);

/* A new (rows, rows) float32 array, not initialised; where it is large, it begins with a large page. */
PyObject *core_new_matrix(npy_intp rows);

/* ---- progress.c: long calls without the GIL ---- */

/* State of one long call. `callback` is None or a callable (done, total). */
typedef struct {
    PyObject *callback;
    PyThreadState *thread; /* while the GIL is released */
    int raised;            /* an exception is set, and the call was asked to stop */
} core_call;

/* A tps_progress: takes the GIL, handles signals, calls the callback. */
int core_report(void *call, int64_t done, int64_t total);

/* Wrap a long call: begin releases the GIL, end takes it back. */
void core_call_begin(core_call *call, PyObject *callback);
void core_call_end(core_call *call);

/* ---- rips.c: the result type, and the functions that make one ---- */

extern PyType_Spec core_rips_spec;

PyObject *core_rips(PyObject *module, PyObject *args);
PyObject *core_rips_edges(PyObject *module, PyObject *args);

/* ---- tensors.c: tensors of PyTorch ---- */

PyObject *core_read_tensors(PyObject *module, PyObject *args);

/* Describes an object for as long as it and `keeper` (a new reference, or NULL) are held. Returns 1; 0 where it is no
 * tensor, or one without memory that holds its numbers; -1 with an exception set. */
int core_describe_tensor(const core_state *state, PyObject *object, core_tensor *out, PyObject **keeper);

/* ---- points.c: points of a layer's output ---- */

/* A tensor of this shape, and a token of it (None: means). Borrowed. */
typedef struct {
    PyObject *shape, *token;
} core_wanted;

/* The points of some samples (None: all): `room`, if it has the rows from `first` on, to which they are written; else a
 * new array; None for a tensor that is not as wanted; NULL with an exception set. */
PyObject *core_points_of(const core_tensor *tensor, const core_wanted *wanted, PyObject *samples_wanted, PyObject *room,
                         long long first);

PyObject *core_points(PyObject *module, PyObject *const *args, Py_ssize_t count);

/* ---- hooks.c: what hooks of a capture do in most passes ---- */

extern PyType_Spec core_pass_spec, core_hook_spec;

#endif
