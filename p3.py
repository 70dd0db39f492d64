import sys
sys.path.insert(0,'/tmp/eng/src')
import numpy as np
from barenet import *
from barenet.engines import Job, ReferenceEngine, CompiledEngine
from barenet.model.rows import check_rows
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
rng=np.random.default_rng(0)
for sizes in ([1,1],[2,1],[5,3],[5,7,3]):
  for n in (1,2,8):
    net=Network.dense(sizes,hidden='tanh',dtype='float64'); l=as_loss(None,net.output_activation)
    job=Job(network=net,rows=check_rows(net,l,rng.random((n,sizes[0])),rng.random((n,sizes[-1]))),loss=l,optimizer=as_optimizer('sgd'))
    a,b=ReferenceEngine(job),CompiledEngine(job)
    va,ga=a.value_and_gradient(); vb,gb=b.value_and_gradient()
    print(sizes,n,va,vb,np.abs(ga-gb).max(), (ga/gb)[:6])
print('run')
for bs,opt in ((8,'sgd'),(37,'sgd')):
    out=[]
    for K in (ReferenceEngine,CompiledEngine):
        net=Network.dense([5,3],hidden='tanh',dtype='float64'); l=as_loss(None,net.output_activation)
        r=np.random.default_rng(1)
        job=Job(network=net,rows=check_rows(net,l,r.random((37,5)),r.random((37,3))),loss=l,optimizer=as_optimizer(opt))
        e=K(job); rep=e.run(np.random.default_rng(4).permutation(37),bs,[.001]*-(-37//bs),0); out.append((rep,net.parameters))
    print(bs, out[0][0].losses,out[1][0].losses, out[0][0].gradient_norms, out[1][0].gradient_norms, np.abs(out[0][1]-out[1][1]).max())
print('run2')
for sizes in ([5,7,3],[5,20],[5,7,20,3]):
    out=[]
    for K in (ReferenceEngine,CompiledEngine):
        net=Network.dense(sizes,hidden='tanh',dtype='float64'); l=as_loss(None,net.output_activation)
        r=np.random.default_rng(1)
        job=Job(network=net,rows=check_rows(net,l,r.random((37,5)),r.random((37,sizes[-1]))),loss=l,optimizer=as_optimizer('sgd'))
        e=K(job); rep=e.run(np.random.default_rng(4).permutation(37),8,[.001]*5,0); out.append((rep,net.parameters))
    print(sizes, out[0][0].losses,out[1][0].losses, out[0][0].gradient_norms, out[1][0].gradient_norms, np.abs(out[0][1]-out[1][1]).max())
