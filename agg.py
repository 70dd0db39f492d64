import subprocess,collections,bisect
k=sorted((int(a,16),n.strip()) for a,n in (l.split(' ',1) for l in open('/tmp/kern.txt')))
ips=[int(x,16) for x in subprocess.run(['perf','script','-i','/tmp/perf.data','-F','ip'],capture_output=True,text=True).stdout.split()]
c=collections.Counter(); off=collections.defaultdict(collections.Counter)
for ip in ips:
    i=bisect.bisect(k,(ip,'~'))-1
    if i>=0 and ip-k[i][0]<20000 and (i+1>=len(k) or ip<k[i+1][0]):
        c[k[i][1]]+=1; off[k[i][1]][ip-k[i][0]]+=1
    elif ip>>40==0x7f and abs(ip-k[0][0])<1<<32 : c['other jit/lib %x'%(ip>>12)]+=1
tot=sum(c.values())
for n,v in c.most_common(14): print(f'{v/tot*100:.1f}% {n}', [(hex(o),x) for o,x in off[n].most_common(6)])
