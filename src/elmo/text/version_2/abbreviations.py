"""Abbreviations of many languages, by what a period after them means.

The tokenizer is not told which language a text is in. So a word of one language that is an abbreviation of another is only in a
class where the text behind it decides.
"""

# Before a name or inside a sentence: the period belongs to the word, and the sentence goes on.
TITLES = frozenset(
    """
    Mr Mrs Ms Dr Drs Prof Profs Rev Hon Gen Col Capt Cpl Lt Sgt Maj Pvt PVT Cmdr Adm Gov Sen Rep Pres Supt Messrs
    vs cf Cf viz approx esp incl excl
    Hr Hrn Frl Dipl Mag bzw Bzw ca Ca vgl Vgl evtl Evtl ggf sog inkl exkl zzgl bspw bzgl ehem geb gest zzt
    MM Mme Mmes Mlle Mlles Pr env av boul
    Sra Srta Sres Sras Dra Dres Dña Lic Ing Arq Profa Gral Cnel Tte Sgto Excmo Excma Ilmo Ilma Mons Av Avda Exmo Sig Dott Avv
    dhr mevr drs bijv tzn tzv
    Doç Yrd Öğr Gör Arş Alb Sn Uzm Ord bkz Bkz örn Örn çev
    jn adib Adib ik Ik
    проф Проф акад доц ул напр См
    डॉ डा प्रो पं स्व
    """.split()
)

# The period belongs to the word; a sentence ends there if the next word is one that often begins a sentence.
MAY_END = frozenset(
    """
    etc Inc Ltd LTD Co Corp Bros Jr Sr St Sts Ste Mt al
    usw ff Mio Mrd Tsd Jh Jhd Ud Uds Vd Vds Cía etab osv itd itp atd apod enz vb vd Hz Cad Sok Mah
    др пр г гг вв им см إلخ
    """.split()
)

# Before a number the period belongs to the word; else it ends the sentence: See p. 7. The answer is no.
BEFORE_NUMBERS = frozenset(
    """
    No Nos no nos p P pp Pp pg pgs Fig Figs fig figs Vol Vols vol vols Ch ch Eq Eqs eq Sec sec Art Arts art arts
    Nr Nrn nr S Abs Abb Tab Kap Bd Aufl Anm Rn Ziff Tz chap Chap éd ép fol col ll vv
    num núm Núm cap Cap pág págs Pág tít ed zk or s c
    кв стр Стр рис Рис табл Табл гл ст п
    """.split()
)

# Before a number, a small letter or a comma the period belongs to the word; else it ends the sentence: Apr. 2020.
INSIDE = frozenset(
    """
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri
    Mär Okt Dez janv févr avr juill juil sept oct nov déc ene feb mar abr jun jul sep dic
    янв февр апр авг сент окт нояб дек
    Ave Blvd Rd Boul Str Tel tel Tél tél Teléf Sk Cd Apt тел просп пер
    südl nördl westl östl evang kath röm engl franz griech lat russ ital amerik urspr ursprüngl jährl monatl tägl gegr verh verst
    vorm nachm mögl Chr ex ej max min Max Min dept Dept Univ univ ext prov aprox allg yy op cit ibid loc
    cts lb lbs oz ft sq hr hrs mins secs руб коп тыс млн млрд ок रु
    """.split()
)

# Abbreviations of several parts that are longer than single letters.
OF_PARTS = frozenset(
    """
    Ph.D M.Sc B.Sc D.Sc M.Phil D.Phil Ed.D Psy.D Th.D LL.B LL.M LL.D B.Eng M.Eng B.Ed M.Ed EE.UU JJ.OO FF.AA SS.MM CC.OO RR.HH
    Dipl.-Ing Dr.-Ing n.Chr v.Chr c.-à-d bl.a f.eks t.ex o.fl i.pl S.p.A S.r.l
    """.split()
)

# Words that often begin a sentence, and are no names: after an abbreviation they show that a new one begins.
ENGLISH_STARTERS = frozenset(
    "The A An This That These Those He She It They We You I In On At But And Or If When While As For With From By To After "
    "Before Although However There Here His Her Its Their Our My What Who Why How Where So Then Since Because Not No".split()
)
STARTERS = ENGLISH_STARTERS | frozenset(
    """
    Der Die Das Ein Eine Er Sie Es Ich Wir Ihr Im Am Und Aber Oder Doch Dann Danach Nach Wenn Als Auch Dort Hier Diese Dieser
    Dieses Seine Mit Bei Für Von Vom Zum Zur Seit Da Damit Nun Heute Was Wer Wie Warum
    Il Elle Ils Elles Nous Vous On Je Tout Tous Toute Toutes Ce Cette Ces C'est Les Un Une Mais Et Dans Pour Avec Après Puis Quand
    Los Las Él Ella Ellos Ellas Yo Pero Y En Con Por Para Después Luego Cuando Qué Quién Esto Esta Este Su Sus Se Sí Gracias
    Bu O Şu Ben Biz Siz Onlar Ve Ama Fakat Ancak Sonra Bir Her Daha Çünkü
    Eta Baina Hori Hau Hura Horrek Gero Ondoren Gainera Hala Beraz Ez Bai Nik Guk
    Он Она Оно Они Мы Вы Я Это Этот Эта Эти В На С И Но А По После Потом Затем Когда Если Здесь Там Как Что Кто Тогда Его Её Их
    Всё Все
    """.split()
)
NAME_PARTICLES = frozenset("La Le Les El Los Las De Da Di Du Der Die Von Vom Zum Zur A O Y".split())  # R. La Follette

# Words before a letter that names a thing and is no initial: vitamin C.
LABELLED = frozenset(
    "vitamin Vitamin vitamina plan Plan type Type grade Grade hepatitis Hepatitis option Option class group".split()
)

# The commonest words of languages that write ordinals with a period: German, Turkish, Basque, Nordic and Slavic ones, Finnish,
# Hungarian; and of languages that do not.
ORDINAL_WORDS = frozenset(
    """
    der die das den dem des und im vom zum zur ist war wurde wird ein eine einen einem nicht auf mit für bei nach sich seit beim
    er sie es wir ich auch als aus
    ve bir bu ile için olarak olan çok daha sonra kadar gibi yılında
    eta da du zen zuen dira dute ere bat ez izan egin zuten dago dela dio ziren baina bere gaur atzo bihar hau hori
    og det som på av til är och att że při však oli että hogy és az egy ali ning
    """.split()
)
OTHER_WORDS = frozenset(
    "the of and to in is a was for that le la les et de el los las y que une il di che non não são uma".split()
)
MONTHS = frozenset(
    """
    januar jänner februar märz april mai juni juli august september oktober november dezember
    ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
    urtarrila otsaila martxoa apirila maiatza ekaina uztaila abuztua iraila urria azaroa abendua
    ledna února března dubna května června července srpna září října listopadu prosince
    desember marts maj
    """.split()
)
