"""Patterns of sentences with names, as people write them on the web and in the news."""

# p person, l place, o organization, t thing, w work, a artist, d day, h a word or two for a tag
PATTERNS = """\
Just watched {w} with {p} .
anyone know if {o} ships to {l} ?
{p} is playing at {l} tonight !
I just bought a {t} and I love it
{o} announced today that {p} will join as chief executive .
I can't believe {p} left {o} ...
RT @{h} : {p} and {p} at {l} # {h}
{t} vs {t} , which one should I get ?
The new {t} by {o} is out now
Has anyone here read {w} ?
my {t} broke again , thanks {o}
{p} scored twice as {o} beat {o} 3-1 in {l} .
on my way to {l} with {p} :)
{l} 1996-08-28
{o} shares fell 3 percent in {l} on {d} .
{p} ( {l} ) beat {p} ( {l} ) 6-4 7-5
{o} at {o} , {l} , {d} night
looking for {t} drivers for {t}
Is {w} on {o} yet ?
listening to {a} right now
{a} - {w} ( official video )
happy birthday {p} !
{p} was born in {l} in 1961 and studied at {o} .
Police in {l} said on {d} that {p} , 34 , was arrested .
{l} : {o} said {p} had signed a deal with {o} .
The {o} office in {l} is closed on {d} .
{p} , a spokesman for {o} , said in {l} .
How do I install {t} on {t} ?
I live in {l} but I work for {o} in {l} .
{p} just followed me ! # {h}
{o} coach {p} told reporters in {l} .
does {t} work with {t} ?
Season 3 of {w} starts on {d}
I think {p} is better than {p}
Going to see {a} in {l} on {d} ! ! !
Visit {l} and try the {t} .
{p} told {o} that {l} was not ready .
What is the best way from {l} to {l} ?
http://t.co/x via @{h} {p} on {w}
{t} is a product of {o} .
This {t} reminds me of {w} .""".split("\n")
