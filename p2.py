import sys
sys.path.insert(0,'/tmp/eng/src')
import warnings; warnings.simplefilter('ignore')
import numpy as np, time
from barenet import *
from barenet.engines import Job
from barenet.engines.compiled.engine import CompiledEngine
from barenet.model.rows import check_rows
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
def bench(net, X, y, loss, opt, bs, threads=1, reps=30, shuffle=False):
    l=as_loss(loss, net.output_activation)
    job=Job(network=net,rows=check_rows(net,l,X,y),loss=l,optimizer=as_optimizer(opt))
    e=CompiledEngine(job,threads); n=len(X); rates=np.full(-(-n//bs),1e-4); order=np.random.permutation(n) if shuffle else np.arange(n)
    t=time.time(); e.run(order,bs,rates,0); first=time.time()-t
    b=1e9
    for i in range(reps):
        t=time.perf_counter(); e.run(order,bs,rates,0); b=min(b,time.perf_counter()-t)
    return f'first {first:.2f}s epoch {b*1e3:.3f} ms, {b/len(rates)*1e9:.0f} ns/step'
X=np.linspace(-2,2,500).reshape(-1,1).astype('f'); y=np.sin(X)[:,0]/2+.5
t=time.time()
for s in ([1,10,10,1],[1,10,1],[1,1]):
    print(s, bench(Network.dense(s,hidden='relu',output='sigmoid'),X,y,'squared_error','sgd',1))
rng=np.random.default_rng(0)
X=rng.random((46900,784),dtype='f'); y=rng.integers(10,size=46900)
for th in (1,2):
    print(th,'mnist-16',bench(Network.dense([784,16,10],hidden='relu',output='softmax'),X,y,None,'sgd',64,th,8,True))
    print(th,'mnist-256',bench(Network.dense([784,256,128,10],hidden='relu',output='softmax'),X,y,None,'adam',128,th,6,True))
