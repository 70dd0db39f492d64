import sys
sys.path.insert(0,'/tmp/eng/src')
import numpy as np, time, numba as nb
from barenet import *
from barenet.engines import Job, CompiledEngine
from barenet.engines.compiled import simd
from barenet.engines.compiled.program import Program
from barenet.model.rows import check_rows
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
from barenet.engines.compiled import kernel as K
names={}
orig=K.Kernel.address
def ad(self,kind):
    a=orig(self,kind); names[a]=self.dispatcher.__name__+' '+kind.formula; return a
K.Kernel.address=ad
@nb.njit
def bench(kernel, step, op, a, b, n):
    for _ in range(n): simd.invoke(kernel, step, op, a, b)
sizes,bs,opt=eval(sys.argv[1])
net=Network.dense(sizes,hidden='relu',output='sigmoid' if sizes[-1]==1 else 'softmax'); l=as_loss('squared_error' if sizes[-1]==1 else None,net.output_activation)
n=4096 if bs>1 else 500
X=np.random.rand(n,sizes[0]).astype('f'); y=np.random.rand(n) if sizes[-1]==1 else np.random.randint(sizes[-1],size=n)
job=Job(network=net,rows=check_rows(net,l,X,y),loss=l,optimizer=as_optimizer(opt))
e=CompiledEngine(job,1); e.run(np.arange(n),bs,np.full(-(-n//bs),1e-4),0)
p=list(e._programs.values())[0]
p.step['batch']=np.arange(n).ctypes.data; keep=np.arange(n); p.step['batch']=keep.ctypes.data; p.step['n_rows']=bs
tot=0
for r0,r1,_ in p.regions:
    print('region')
    for first,last,units,chunk,grain in p.groups[r0:r1]:
        u=units or bs
        for k,o in p.instructions[first:last]:
            t_all=0
            for s in range(0,u,chunk):
                N=20000 if bs==1 else 300
                best=1e9
                bench(k,p.step.ctypes.data,o,s,min(s+chunk,u),10)
                for _ in range(5):
                    t=time.perf_counter(); bench(k,p.step.ctypes.data,o,s,min(s+chunk,u),N); best=min(best,(time.perf_counter()-t)/N)
                t_all+=best
                if s>=3*chunk: t_all*= -(-u//chunk)/4; break
            print(f'   {names[k]:30} units {u} chunk {chunk}  {t_all*1e9:.1f} ns')
            tot+=t_all
print(tot*1e9)
