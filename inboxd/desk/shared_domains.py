"""Domains at which unrelated people have their addresses.

Nobody can make up an address for each mail there, so many new addresses at one of them are many
people, and no program that answers us. Providers of mailboxes, and marketplaces that give each
buyer an address of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

_PROVIDERS = """
    gmail.com googlemail.com
    outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp hotmail.com hotmail.co.uk
    hotmail.de hotmail.es hotmail.fr hotmail.it live.com live.co.uk live.de live.fr live.it live.nl
    msn.com passport.com
    yahoo.com yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com.ar yahoo.com.au yahoo.com.br
    yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.in yahoo.it ymail.com rocketmail.com myyahoo.com
    aol.com aim.com aol.de aol.fr verizon.net att.net sbcglobal.net bellsouth.net comcast.net
    cox.net charter.net earthlink.net optonline.net rr.com frontier.com juno.com
    icloud.com me.com mac.com privaterelay.appleid.com
    proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com
    fastmail.com fastmail.fm hey.com zoho.com mail.com email.com gmx.com gmx.us inbox.com
    hushmail.com mailbox.org posteo.de posteo.net riseup.net disroot.org duck.com mozmail.com
    gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de arcor.de online.de 1und1.de
    vodafone.de vodafonemail.de kabelmail.de unitybox.de o2online.de email.de
    bluewin.ch hispeed.ch sunrise.ch a1.net aon.at chello.at utanet.at
    orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr numericable.fr
    libero.it virgilio.it tin.it alice.it tim.it tiscali.it email.it inwind.it fastwebnet.it
    telefonica.net terra.es ono.com
    btinternet.com sky.com virginmedia.com talktalk.net blueyonder.co.uk ntlworld.com
    tiscali.co.uk plusnet.com
    ziggo.nl kpnmail.nl kpnplanet.nl planet.nl xs4all.nl hetnet.nl home.nl casema.nl upcmail.nl
    skynet.be telenet.be proximus.be scarlet.be
    telia.com bredband.net comhem.se spray.se online.no broadpark.no jubii.dk stofanet.dk
    mail.dk elisanet.fi kolumbus.fi pp.inet.fi luukku.com
    wp.pl o2.pl onet.pl op.pl vp.pl interia.pl poczta.onet.pl poczta.fm tlen.pl gazeta.pl
    seznam.cz email.cz centrum.cz post.cz volny.cz atlas.cz azet.sk centrum.sk zoznam.sk
    freemail.hu citromail.hu t-online.hu abv.bg mail.bg ukr.net i.ua inbox.lv mail.ee
    mail.ru bk.ru inbox.ru list.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru
    sapo.pt clix.pt iol.pt otenet.gr hol.gr mynet.com
    uol.com.br bol.com.br terra.com.br ig.com.br globo.com
    rogers.com shaw.ca sympatico.ca telus.net videotron.ca bell.net
    bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au xtra.co.nz
    qq.com vip.qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com
    139.com 189.cn 21cn.com tom.com naver.com hanmail.net daum.net nate.com kakao.com
    docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp nifty.com biglobe.ne.jp
    rediffmail.com indiatimes.com walla.com walla.co.il netvision.net.il
"""
_MARKETPLACES = """
    marketplace.amazon.com marketplace.amazon.ca marketplace.amazon.co.jp marketplace.amazon.co.uk
    marketplace.amazon.com.au marketplace.amazon.com.be marketplace.amazon.com.br
    marketplace.amazon.com.mx marketplace.amazon.com.tr marketplace.amazon.de
    marketplace.amazon.es marketplace.amazon.fr marketplace.amazon.in marketplace.amazon.it
    marketplace.amazon.nl marketplace.amazon.pl marketplace.amazon.se
    members.ebay.com members.ebay.ca members.ebay.co.uk members.ebay.com.au members.ebay.de
    members.ebay.es members.ebay.fr members.ebay.it
    guest.airbnb.com host.airbnb.com guest.booking.com allegromail.pl
"""
SHARED_DOMAINS = frozenset((_PROVIDERS + _MARKETPLACES).split())


def is_shared(domain: str, also: Iterable[str] = ()) -> bool:
    """Return whether people who have nothing to do with each other have addresses at `domain`.

    `also` are further such domains.
    """
    name = domain.casefold()
    return name in SHARED_DOMAINS or any(name == each.casefold() for each in also)
