import sys
sys.argv=['x','[1,10,10,1],1,"sgd"']
exec(open('p5.py').read().split("tot=0")[0])
import ctypes,subprocess
inv={n.strip():a for a,n in names.items()}
a=inv['dense_gradient']; b=ctypes.string_at(a,0x3000); open('/tmp/dg.bin','wb').write(b)
