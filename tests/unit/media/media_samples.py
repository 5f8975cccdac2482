"""Small encoded pictures and what the library Stash uses makes of them (Go 1.26, goimagehash 1.1.0, base 85).

Encoders change from version to version, so these are kept as they are: 101 x 75 pixels of smooth waves.
"""

from __future__ import annotations

import base64


def decoded(*lines: str) -> bytes:
    """The bytes of a picture."""
    return base64.b85decode("".join(lines))


LOSSY_WEBP = decoded(
    "Qb|Te-T?prS4BclR!}$~(g6Sfunhp60V-txO8`Fwbh1;wzonwQTwVL{Ac<-KtTRVO6s+yu4*dVj-w(p^CE`Nu3~Ww|2Y%?@SkX8g<+o0gz*dW$",
    "+<ZPD&eQ99zjJ6CP?Y*prW|Zw8wJywR1X0!a%^8z(y}RRW8`1eTv5b+EE|*?ssI4~=)+=Rf)wxmEe|mJzJvGhjau`WN{(8<f(j;POWu&?cbexJ",
    "i}6MuaH6zy1G{G8VnQHN$%=(E`<i;g|Ch*BIws?I&Z?#~=Zy>k9t33G+5T1~I@;iOU6t<j3sO-ZlaOUJn&;D1AnewVqKRWEWFn*MKRE^k{9>q^",
    "UzbU46opYzEKAuTf)x&S1PKviD6~azr8kJun1IKHT)cq%oi2qsWIsrYguS;Y*BokEEp14hQPA5?va-t?<^YWDa?Vl+lR0;}FTWnECVKY2n32pU",
    "Z=u<NX0Xc?kCF7PZz*C~{5-k6VohF_VS8Kca@n^aXb|L;T+nh|=`|UI8NkvuPHg~xAbQJGpp<gK$@~65=9;4*UBkqeD6@&qz8SGB$6POEA*64{",
    "h<l;?+>CtLB=wP+gv-1U&>NU_6}!->O~Na_c!1Q1APN&h1DM$#Br$H6000",
)
LOSSY_WEBP_WITH_ALPHA = decoded(
    "Qb|TeS^@w7S4BclR!}%t3IG5A5C8xGWB>q4002QuP)NT3000pmAP`7HN*ly*M8pCIkt8WnKS_9LhZ0WOqlA}+16>Xx`Y$9%H1gz~zSM8SFziyV",
    "rnT(ZG?rbPhJU7nObMA1G9~0m%#)ZWF;8Naq%28UlCmV_NY0U*BRNNMh7=i6WJr-AMZHw@Qq@aUFIBCSwNlnfSu16ofL7258vHiU3K~I!-v(Mi",
    "BWP%nFK7935)c6q5CIVo0TB=Z5fA|p5CIVo0TB=Z5fA|p5CIVo0TB=Z5fA|p5CIVo0RUD|I3RQZ0058)0G$CUWdKV6KRuAYSiirur950+`|u};",
    "Y6TDrw`;ryn&$_*1@$@<n&6k7uzX(QN+oym;Bq21RcNMn4VZ&2DeGI>@2m~!+OM%0X}_uJTT0jf{^aMPFLwX%8%K56;&M>tB+V0~_#-yhg&7W8",
    "V{^<BJ`95fuZR%kElX9+a`KF`#2Z_;`X9qAdX0^0i71vMe6ReQ^G=_$T`rF(`MTm`5kpG7TR)WeM9kQA&kd1wovVcRITH#^tg}0gZvVvEX*Zx>",
    "$=es-dy980@|T&a3(KCC^=d+9_;9G~C%4$(B?EjmM^b?HTSymEfDs@P6;5B4A3a=X9J_Y0wW~KYhHQ;hJmC8Q<Fx0I@>TD1wjVN@5rOf)zp(*Z",
    "wbc~^tcBBWF;6Y2B!<)#4nbS?L>r(*p_&jIXu)CEPV`gA`%2Sr3`pB299k!>{AuMO0(g%_$E$_5>8~YK%fey6zL9T<n)<f`w;;(t000",
)
JPEG = decoded(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV08lqPMm#c5MnOheRZw4e$bxuoZg};txsk~K|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0",
    "|Nq+nLjhG<T6k%A>w<#o|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsBM01*fPO8{j90U`hb5di}c",
    "0sq7R7ytkR0RaF20000000000000330{{g7!~hu(0RaF50RR910000000000009CK5;6b802l!Q0RaI40000000000000030s#a7|HJ?p5di@K",
    "0RaI300000000000003I0ulrN+5ij#0RRFK0}%i}0JIWHeYvr+1%%2T($z$DQ?R_LU}&<BQ{;J4Vm!A^#ZN`CYl$pWrqroVlqH3N>bBXm%1feC",
    "bd;mhiw|O*2FcKLsT}>qHZeI*jcyJ_Bpn1iVR<El$}3A^qisVdON#aq;#o!ME?Hh#TCGjCHWs<#s?ghPv<V=3R#h>mN~SgI6FFZRc~O+pBw;+M",
    "u(Z7gO^{uU4K~IsEv7tYmW_$!7qL8`d8fT0U};+m$z>jv8Z^YxG`x(XunP7Po1o~HhSeZCip-CVMpNTkgYvwrmrM)v%Y^W)C5NS>i0Y?ca&{!B",
    "l)R58X6gB<*h?0v<hV;xpn5{VTF~<95)Jj8+>PcQRtU~aHb4K_",
)
