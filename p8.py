import sys
sys.path.insert(0,'/tmp/eng/src')
import importlib, numpy as np
from barenet.engines.compiled import simd
m,k,f=(sys.argv[1:]+[''])[:3]
K=getattr(importlib.import_module('barenet.engines.compiled.'+m),k)
kind=simd.Kind(simd.kind_of(np.dtype('f4')).dtype,simd.kind_of(np.dtype('f4')).lanes,f)
import numba as nb
d=nb.njit(**{'nogil':True,'error_model':'numpy','no_cpython_wrapper':True,'no_cfunc_wrapper':True})(K.dispatcher.py_func)
d.compile((kind,*K.records,nb.types.intp,nb.types.intp))
print(list(d.inspect_asm().values())[0])
