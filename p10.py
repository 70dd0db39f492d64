import sys
exec(open('/tmp/eng/p2.py').read().split("X=np.linspace")[0])
import os
rng=np.random.default_rng(0)
X=rng.random((46900,784),dtype='f'); y=rng.integers(10,size=46900)
for r in range(2):
  for th in (1,2):
    print(th,'mnist-16',bench(Network.dense([784,16,10],hidden='relu',output='softmax'),X,y,None,'sgd',64,th,8,True), 'seq', bench(Network.dense([784,16,10],hidden='relu',output='softmax'),X,y,None,'sgd',64,th,8,False))
    print(th,'mnist-256',bench(Network.dense([784,256,128,10],hidden='relu',output='softmax'),X,y,None,'adam',128,th,6,True),bench(Network.dense([784,256,128,10],hidden='relu',output='softmax'),X,y,None,'adam',128,th,6,False))
import numba; print(numba.threading_layer(), numba.get_num_threads())
