#include "core.h"

/* The GIL belongs to the calling thread only between core_call_begin and core_call_end, and inside core_report. */

void core_call_begin(core_call *call, PyObject *callback)
{
    call->callback = callback;
    call->raised = 0;
    call->thread = PyEval_SaveThread();
}

void core_call_end(core_call *call) { PyEval_RestoreThread(call->thread); }

int core_report(void *context, int64_t done, int64_t total)
{
    core_call *call = context;
    PyEval_RestoreThread(call->thread);
    if (PyErr_CheckSignals() < 0) {
        call->raised = 1;
    } else if (call->callback != Py_None) {
        PyObject *answer = PyObject_CallFunction(call->callback, "LL", (long long)done, (long long)total);
        if (answer == NULL) call->raised = 1;
        Py_XDECREF(answer);
    }
    call->thread = PyEval_SaveThread();
    return call->raised;
}
