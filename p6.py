import sys
sys.argv=['x','[1,10,10,1],1,"sgd"']
exec(open('p5.py').read().split("tot=0")[0])
from barenet.engines.compiled.kernel import kernel
from barenet.engines.compiled.records import LAYER, INSTRUCTION
from barenet.engines.compiled.interpreter import run
from barenet.engines.compiled.memory import address
import ctypes
def noop(kind, step, op, start, stop): pass
class NK(K.Kernel): pass
k=NK.__new__(NK); k.dispatcher=nb.njit(**K.OPTIONS)(noop); k.records=K.Kernel(noop,LAYER).records
na=orig(k,e._kind)
order=np.arange(500); rates=np.full(500,1e-4); L=np.empty(500); N=np.empty(500)
def go():
    best=1e9
    for _ in range(30):
        t=time.perf_counter(); run(p.address,address(order),500,1,address(rates),500,0,1,address(L),address(N)); best=min(best,time.perf_counter()-t)
    return best/500*1e9
print('full',go())
tab=[x for x in p.memory.held if getattr(x,'dtype',None)==INSTRUCTION][0]
old=tab.copy()
nm=[names[x] for x in tab['kernel']]
reg=p.regions
ins=range(len(tab))
def without(pred):
    tab[:]=old
    for i in ins:
        if pred(nm[i],i): tab['kernel'][i]=na
    r=go(); tab[:]=old; return r
print('noop all',without(lambda n,i:True))
for w in sorted(set(nm)): print('without',w,without(lambda n,i:n==w), 'only', without(lambda n,i:n!=w))
