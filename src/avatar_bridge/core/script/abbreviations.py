"""Word lists that tell where a voice may breathe: abbreviations, titles, words that lean on their neighbour.

Every list is casefolded and mixes English, Spanish, French, German and Korean: the text says no language, and a word
that leans on the next one in one of them costs little in the others.
"""

from __future__ import annotations

__all__ = [
    "ADJECTIVES",
    "ADVERBIALS",
    "AUXILIARIES",
    "BEFORE_NUMBER",
    "CLAUSE_OPENERS",
    "COMPLEMENTED",
    "COORDINATORS",
    "DETERMINERS",
    "FULL_OBJECTS",
    "GERMAN_ARTICLES",
    "LEANS_LEFT",
    "LEANS_RIGHT",
    "LINKS",
    "NEVER_ENDS",
    "OBJECTS",
    "ORDINAL_LEADS",
    "PARTICLES",
    "PARTITIVES",
    "PERIODS",
    "PHRASAL",
    "PHRASE_OPENERS",
    "QUANTIFIERS",
    "RATES",
    "SENTENCE_OPENERS",
    "SOMETIMES_ENDS",
    "SUBJECTS",
    "TAILS",
    "TIMES",
    "TO",
    "TO_HEADS",
    "UNITS",
    "VERBS",
    "WEEKDAYS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER_ENDS = _words("""
ee dr mr mrs ms mx prof st ste mt rev hon gen col capt cpt lt sgt maj gov sen rep pres messrs fr sr sra srta sres dra
d dña lic ing arq mme mlle mlles mm me mgr hr hrn dipl habil vgl ca evtl ggf inkl exkl bzw sog gegr geb zzgl abzgl vs
cf viz approx ed eds trans resp esp incl excl av avda blvd pza ctra tel ext cap pág págs párr núm nº str abs abb kap
bd hrsg aufl jhdt jh mio mrd tsd min sec hrs est ud uds vd vds p.ej e.g i.e z.b d.h u.a z.t i.d.r m.e o.ä v.a c.-à-d
p.ex q.v
""")
"""Abbreviations after which a sentence goes on (`Dr.`, `bzw.`, `e.g.`), without their last stop."""

SOMETIMES_ENDS = _words("""
etc usw usf jr inc ltd co corp llc plc bros dept ph.d m.d b.a m.a u.s u.s.a u.k e.u u.n d.c a.m p.m a.d b.c b.c.e
ee.uu uu apdo cía s.a s.l std sek jan feb mar apr jun jul aug sep sept oct nov dec al ff gr kg km cm mm ml ave blvd rd
u.s.w m.s h.c a.k.a
""")
"""Abbreviations after which a sentence may end: only when a word follows that opens sentences."""

BEFORE_NUMBER = _words("no nos nr nrn vol art fig figs ch chap p pp pt sec núm num n° n t bd kap abb s")
"""Ordinary words too, abbreviations only before a number (`No. 5` against `I said no.`)."""

ORDINAL_LEADS = _words("""
am der die das den dem des zum vom im beim ein einen einem bis ab seit und dieser diesem diesen jeder jedem jeden
dieses jedes mein meinem ihr ihrem sein seinem unser unserem zur unsere montag dienstag mittwoch donnerstag freitag
samstag sonntag
""")
"""German words before an ordinal: `am 3. Mai`, `der 2. Versuch`."""

WEEKDAYS = _words("""
monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag
lunes martes miércoles jueves viernes sábado domingo lundi mardi mercredi jeudi vendredi samedi dimanche
""")

TAILS = _words("""
too right okay ok huh though then please lol haha thanks yeah yes no eh verdad sí vale non hein oui ja gell oder ne
nein bitte danke merci gracias honey guys everyone jr sr
""")
"""Words that close a clause after a comma and sound chopped alone."""

SENTENCE_OPENERS = _words("""
the it he she we they you this that these those i my our his her its their there here then but and so if in when what
how who why where after before once while although however for at on as a an no yes is are do did can let please now
today el los las un una es se no pero cuando si en por para con este esta eso ella ellos yo tú qué cómo después murió
había le les il elle ils elles on nous vous je tu ce cette c'est mais et quand dans pour avec après son sa ses der die
das ein eine es er sie wir ihr ich du aber und wenn als im in am mit nach für danach dann heute dort diese dieser
dieses auch damit doch
""")
"""Words that, with a capital, open a sentence rather than continue a name."""

CLAUSE_OPENERS = _words("""
and but or because so that which who whom whose where when while if although though since until unless before after
once whether as than how what why plus whereas y pero o porque que cuando donde mientras si aunque hasta como sino
pues ni e u para quien quienes et mais ou parce car qui quand où lorsque lorsqu' puisque si tandis pendant avant après
comme donc und aber oder weil dass wenn ob als während obwohl bevor nachdem damit sondern denn bis wo wie sobald
""")
"""Words that open a clause when they stand after a whole phrase."""

PHRASE_OPENERS = _words("""
in on at with for from by about without into onto through during between under over across around against toward
towards behind beyond near inside outside upon despite except within along above below beneath among via onto
throughout con sin desde sobre entre durante contra hacia según tras ante por antes después avec sans chez depuis
pendant contre vers sous entre dès jusqu'à dans sur pour par en mit ohne für gegen seit aus bei nach von vor hinter
unter über zwischen durch um an auf in im am zum zur beim vom wegen among amid amongst alongside beside besides
regarding concerning till past bajo mediante excepto salvo devant derrière parmi malgré selon lors neben trotz statt
außer innerhalb außerhalb entlang gegenüber laut
""")
"""Prepositions: a voice may pause before them when the phrase on their left is whole."""

SUBJECTS = _words("i i'm i've i'll i'd he she we we're they they're yo je j'ai il ils elle elles on")
"""Pronouns that can only open a clause."""

OBJECTS = _words("""
you me him her us them it that this mí ti él ella ellos ellas nosotros moi toi lui eux elle elles nous vous ça mir dir
ihm ihr uns euch ihnen mich dich ihn sich
""")
"""Pronouns with which a prepositional phrase is too short to stand apart."""

AUXILIARIES = _words("""
is are was were has have had will would can could should must may might does did isn't wasn't won't can't es está son
están fue fueron era eran ha han había puede pueden est sont était étaient ont avait peut peuvent ist sind war waren
hat haben hatte wird werden wurde wurden kann können muss müssen soll
""")
"""Verbs that open the predicate when a whole phrase stands before them."""

COMPLEMENTED = _words("""
see know knew tell told think thought guess wonder ask asked say said mean hope sure idea remember understand feel
believe show find found sabes sé saber dice dijo creo sais savoir dit crois weiß weißt wissen glaube sagte sagt
""")
"""Verbs that lean on the clause after them (`let me see what ...`)."""

DETERMINERS = _words("""
the a an my your his its our their these those every some this esta este estas estos ese esa esos esas aquel ce cette
ces cet el la los las un una mi tu su sus mis le les une des mon ma mes ton ta son sa ses der die das den dem ein eine
einen einem mein meine dein deine seine ihre notre nos votre vos leur leurs nuestro nuestra nuestros nuestras unser
unsere unseren dieser diese dieses diesen diesem jeder jede jedes jeden keine keinen euer eure
""")
"""Words that open a noun phrase."""

LINKS = _words("of de del du d' d’")
"""Prepositions that tie a noun to the noun before it: only with an article of its own may the second stand apart."""

TO = _words("to a à")
"""Words that open an infinitive or a fixed phrase as well as a place or a time."""

PARTITIVES = _words("""
one all some most both each none half part out kind sort type lot lots top front because instead ahead inside outside
couple bit piece pair number back side end full many much few first last plenty rest debajo antes después cerca lejos
delante detrás encima dentro fuera alrededor además través junto frente parte pesar causa lado près loin autour hors
lors au-dessus au-dessous beaucoup peu plus moins partie côté face cause grâce afin avant trop assez tant mayoría
plupart majorité moitié mitad resto majority hundreds thousands
""")
"""Words that belong to the `of` or `de` after them."""

PARTICLES = _words("""
up out off down away back together apart it me him them us one ones myself yourself himself herself itself ourselves
themselves else pas rien jamais nicht ich wir er du ihr man mich dich sich uns euch ihnen there here better
""")
"""Words that belong to the verb before them."""

QUANTIFIERS = _words("""
two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand more most many several all
both each no another any enough exactly only nearly almost dos tres cuatro cinco seis siete ocho diez cada todos todas
todo toda varios varias muchos muchas ningún casi deux trois quatre cinq six sept huit dix chaque tout tous toutes
plusieurs quelques zwei drei vier fünf sechs sieben acht neun zehn alle viele jeden jede jedes kein keine keinen
""")
"""Words that open a noun phrase by its number."""

TIMES = _words("""
yesterday today tomorrow tonight sometimes now again last next hoy ayer mañana anoche siempre ahora hier aujourd'hui
demain maintenant toujours souvent heute gestern morgen jetzt abends morgens immer oft irgendwann wieder
""")
"""Adverbs of time that open no noun phrase."""

ADJECTIVES = _words("""
new old big small good bad great young long short high low early late little large huge tiny own same other different
strong weak hot cold warm dark light red blue green white black brown grey golden fresh free full empty open public
private local young rich poor heavy quick slow soft hard deep wide thin thick safe real true false human modern common
double single whole entire main chief fine nice proper sweet bright clean dry wet nuevo nueva nuevos nuevas gran buen
buena mal mala primer último última propio propia petit petite petits petites grand grande grands grandes bon bonne
bons bonnes beau belle nouveau nouvelle vieux vieille jeune jeunes mauvais gros grosse
""")
"""Adjectives that mostly precede their noun."""

VERBS = _words("""
went came gave took made told said got knew thought found felt kept began stood sat saw heard ran wrote brought bought
held met led became fell grew sent built spent lost paid won drew flew drove rode rose chose spoke broke wore woke
threw swam sang laid fought caught taught ate drank slept stole hid hung lay shone shook sold sought struck swore tore
understood goes comes gives takes makes says tells gets knows wants keeps brings holds contains includes carries
belongs becomes begins seems sits stands lives means needs depends happens remains appears consists costs lasts ends
starts opens closes sells buys lies leads runs grows falls covers fixes drops smells works helps uses es está son
están va van viene vienen hace hacen dice dicen tiene tienen puede pueden sale salen llega llegan pasa pasan vive
viven trabaja trabajan duerme duermen queda quedan debe deben cuesta cuestan empieza empiezan termina incluye incluyen
recomienda fut furent sera seront va vont vient viennent fait font dit disent prend prennent doit doivent veut veulent
sait voit met mettent tient tiennent vend vendent coûte coûtent reste restent arrive arrivent commence commencent
devient sort
""")
"""Forms that are verbs far more often than nouns: the predicate begins there."""

GERMAN_ARTICLES = _words("""
der die das den dem des ein eine einen einem einer mein meine meinen dein deine seine seinen ihre ihren im am zum zur
vom beim unser unsere unseren unserem dieser diese dieses diesen diesem jeder jede jedes jeden kein keine keinen
""")
"""German articles: a capital after them is a noun, and a small letter after that no part of it."""

FULL_OBJECTS = _words("me him us them you it")
"""Pronouns that close a phrase after a preposition (`with you I ...`)."""

PHRASAL = _words("""
turn turned turns switch switched put puts log logged sign signed carry carried hold try tried pass passed hand handed
move
""")
"""Verbs that mean something else with the particle after them."""

ADVERBIALS = _words("in on over through along around by about")
"""Prepositions that are such particles too."""

RATES = _words("par por pro per im in al au je")
"""Words that tie a rate to an amount (`19,90 € al mes`)."""

UNITS = _words("""
euro euros dollar dollars pounds yen times time veces vez fois mal hours horas heures stunden km
""")
"""What amounts are counted in."""

TO_HEADS = _words("""
next according due thanks prior close opposite contrary junto frente gracias debido conforme respecto grâce face quant
jusque contrairement suite
""")
"""Words that make one preposition with the `to`, `a`, `al` or `à` after them."""

PERIODS = _words(
    "day days week month year hour minute second night person piece time kilo pound head share gallon mile"
)
"""What `a` before it makes a rate of (`twice a day`)."""

COORDINATORS = _words("and or but y o e u ni et ou und oder como as wie than")
"""Conjunctions that also join two single words."""

_LEANING = _words("""
a an the this that these those my your his her its our their some any no every each either neither both all most many
much more less few several another other such what which whose very really so too quite pretty rather just only even
almost nearly about around roughly and or but nor if when while because as than that who of to in on at with for from
by into onto through during between under over across against without within upon is are was were be been being am
isn't aren't wasn't don't doesn't didn't do does did has have had having will would can could shall should may might
must can't won't i you he she it we they i'm you're he's she's it's we're they're i've i'll i'd there's let's not
never always going got get gets let make makes made how why where until before after since though although mr mrs ms
dr prof back think point zero one two three four five six seven eight nine ten el la los las un una unos unas de del
al a en con por para sin sobre entre desde hasta hacia según mi mis tu tus su sus este esta estos estas ese esa esos
esas cada todo toda todos todas muy más menos tan tanto y o e u ni que si como cuando no es son era eran fue fueron
está están estaba ser estar ha han he hemos había se me te le les nos lo yo tú él ella mucho mucha muchos muchas otro
otra gran buen primer primera segunda algún ningún poco apenas don doña qué cuál le la les un une des de du d' l' au
aux en dans par pour sur sous avec sans chez vers mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce
cet cette ces quel quelle quels tout toute tous toutes très trop plus moins si et ou que qui ne n' pas je tu il elle
on nous vous ils elles j' me te se m' t' s' est sont était étaient a ai as ont avait suis es sommes êtes c'est qu'il
qu'elle peu deux trois monsieur madame der die das den dem des ein eine einen einem einer eines kein keine keinen mein
meine meinen meinem meiner dein deine sein seine seinen seinem ihr ihre ihren ihrem unser unsere dieser diese dieses
diesen diesem jeder jede jedes jeden und oder aber zu in im an am auf aus bei mit nach von vom vor für über unter um
durch gegen ohne seit bis zum zur beim sehr so ganz nicht noch nur auch schon mehr ich du er sie es wir ist sind war
waren bin bist wird werden wurde wurden hat haben hatte hatten habe kann können muss müssen soll will wollen wenn weil
dass als ob wie wo herr frau knapp etwa rund ca 이 그 저 한 두 세 네 더 안 못 꼭 참 좀 잘 제 내 네 우리 저희 이런 그런
저런 어떤 무슨 모든 새 다른 약 매우 아주 너무 정말 진짜 가장 제일 그리고 하지만 그래서 그런데 또 및 옛 첫 이번 다음
지난 조금 많이 then best casi immer gar ever still already hardly barely siempre souvent toujours oft often
usually rarely
""")
LEANS_RIGHT = (_LEANING | DETERMINERS | QUANTIFIERS | AUXILIARIES | CLAUSE_OPENERS | PHRASE_OPENERS) - {"enough"}
"""Words that belong to the word after them (articles, prepositions, auxiliaries, pronouns, titles)."""

LEANS_LEFT = _words("""
ago too either enough yet am pm a.m p.m kg km cm mm g ml l m years year minutes minute hours hour seconds percent % €
$ £ y/o ´ ° jr sr iii ii iv h uhr euros dollars
""")
"""Words that belong to the word before them (units, `ago`, `of`)."""
