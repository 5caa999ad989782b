/* What the files of the extension module share.
 *
 * The extension only translates: NumPy arrays become tps_array, tps_status becomes an exception, results become NumPy
 * arrays. Words, defaults and checks of meaning are in Python (toposcope/_native.py); algorithms are in Swift. But for
 * points.c: hooks of a capture call it thousands of times, and it is done in microseconds.
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

#include "toposcope.h"

typedef struct {
    PyObject *error;     /* _core.Error: args are (status, row, column, value) */
    PyObject *rips_type; /* _core.Rips */
} core_state;

core_state *core_get_state(PyObject *module);

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

/* ---- points.c: what hooks of a capture do ---- */

PyObject *core_points(PyObject *module, PyObject *const *args, Py_ssize_t count);

#endif
