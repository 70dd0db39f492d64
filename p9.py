import sys
sys.argv=['x','[1,10,10,1],1,"sgd"']
exec(open('p5.py').read().split("tot=0")[0])
from barenet.engines.compiled.interpreter import run
from barenet.engines.compiled.memory import address
order=np.arange(500); rates=np.full(500,1e-4); L=np.empty(500); N=np.empty(500)
import os
with open('/tmp/kern.txt','w') as f:
    for a,n in sorted(names.items()): print(hex(a),n,file=f)
t=time.perf_counter()
for _ in range(20000): run(p.address,address(order),500,1,address(rates),500,0,1,address(L),address(N))
print((time.perf_counter()-t)/20000/500*1e9)
