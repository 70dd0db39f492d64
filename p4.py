import sys
sys.path.insert(0,'/tmp/eng/src')
import numpy as np
from barenet import *
from barenet.engines import Job, ReferenceEngine, CompiledEngine
from barenet.model.rows import check_rows
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
rng=np.random.default_rng(0)
for sizes in ([2,20,3],[2,17,1],[2,16,1],[2,15,1],[7,20,3],[5,7,20,3]):
  for n in (1,8):
    net=Network.dense(sizes,hidden='tanh',dtype='float64'); l=as_loss(None,net.output_activation)
    job=Job(network=net,rows=check_rows(net,l,rng.random((n,sizes[0])),rng.random((n,sizes[-1]))),loss=l,optimizer=as_optimizer('sgd'))
    a,b=ReferenceEngine(job),CompiledEngine(job)
    va,ga=a.value_and_gradient(); vb,gb=b.value_and_gradient()
    print(sizes,n,va-vb,[(s.layer,s.name,np.abs(ga-gb)[s.start:s.stop].max().round(9)) for s in net.layout.slots])
