import sys,types,time
sys.path.insert(0,'/tmp/eng/src')
import numpy as np
from numba import types as nt
t=time.time()
from barenet.engines.compiled.products import product
from barenet.engines.compiled.simd import Kind
from barenet.engines.compiled import simd
from barenet.engines.compiled.records import *
print('import',time.time()-t)
t=time.time(); k=Kind(nt.float32,16); ad=product.address(k); print('compile',time.time()-t, hex(ad))
import numba as nb
@nb.njit
def bench(kernel, step, op, a, b, n):
    for _ in range(n): simd.invoke(kernel, step, op, a, b)
def al(*s):
    x=np.zeros(int(np.prod(s))*4+64,np.uint8); o=-x.ctypes.data%64
    return x[o:o+int(np.prod(s))*4].view(np.float32).reshape(s)
for m,k_,n in ((128,784,256),(64,784,256),(128,256,128),(64,784,16),(1,16,16),(1,10,16)):
    A,B,C,S=al(m,k_),al(k_,n),al(m,n),al(n)
    A[:]=np.random.rand(m,k_);B[:]=np.random.rand(k_,n)
    op=np.zeros(1,PRODUCT); step=np.zeros(1,STEP)
    op['a'],op['a_row'],op['a_step'],op['b'],op['b_step'],op['s'],op['c'],op['c_row']=A.ctypes.data,k_,1,B.ctypes.data,n,S.ctypes.data,C.ctypes.data,n
    op['height'],op['width'],op['depth']=m,n,k_
    args=(ad,step.ctypes.data,op.ctypes.data,0,m)
    bench(*args,1); assert np.allclose(C,A@B,rtol=1e-4)
    N=max(1,int(2e8/(2*m*n*k_))); N=min(N,100000)
    best=1e9
    for _ in range(20):
        t=time.perf_counter(); bench(*args,N); best=min(best,(time.perf_counter()-t)/N)
    print((m,k_,n), f'{best*1e9:.1f} ns {2*m*n*k_/best/1e9:.0f} GF')
