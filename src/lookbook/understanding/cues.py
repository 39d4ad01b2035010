"""Cue words: they name nothing, and say how the words around them are meant.

English, German, French and Spanish; compared by :func:`lookbook.attributes.values.normalize`.
"""

from __future__ import annotations

SIMILAR = [
    "similar", "the same", "same", "alike", "like this", "like this one", "like it", "like that",
    "like these", "like those", "like mine", "lookalike", "more of", "more of these",
    "in this style", "this style", "this kind", "this sort of thing", "closest", "close to this",
    "resembles", "looks like", "replacement", "replace it", "another one", "dupe", "ähnlich",
    "ähnliches", "ähnliche", "so etwas wie", "sowas", "so etwas", "wie das", "wie dieses",
    "wie diese", "genauso", "comme ca", "comme ça", "pareil", "semblable", "similaire",
    "ressemble", "dans ce style", "du même genre", "parecido", "parecida", "algo así", "como este",
    "como esta", "como esto", "del mismo estilo",
]  # fmt: skip
COMPLEMENTARY = [
    "match", "matching", "outfit", "combine", "combination", "pair it", "complete", "style it",
    "style this", "style", "wear it with", "with it", "with them", "with this", "with these",
    "suit this", "suits it", "to go under", "dazu", "passt", "passen", "kombinieren", "kombiniere",
    "assortir", "assorti", "combina", "combinar", "combino", "ponerme con", "combinan",
    "avec quoi", "recommend", "suggest", "suggestion", "recommendation", "suit your",
]  # fmt: skip
# Asks what goes with what follows, which is worn already.
GOES_WITH = [
    "go with", "goes with", "going with", "wear with", "suit a", "suit my", "suit the",
    "how do i style", "pair with", "put with", "passt zu", "passen zu", "va avec", "vont avec",
    "aller avec", "va con", "pega con", "combinan con", "mettre avec", "porter avec", "avec un",
    "avec une", "queda bien con", "quedan bien con",
]  # fmt: skip
# What follows is worn already, or is what is asked about.
OWNED = [
    "i have", "i have got", "i got", "i got a", "got a", "i own", "i already have", "already have",
    "already got", "just got", "just bought", "i bought", "bought", "my new", "to go with",
    "match my", "match a", "to my", "with my", "with a pair of", "lives in", "wearing", "style my",
    "style a", "ich habe", "hab ich", "habe ich", "ich hab", "zu meinem", "zu meiner", "zu meinen",
    "zu einem", "zu einer", "mit meinem", "mit meiner", "j ai", "avec mon", "avec ma", "avec mes",
    "tengo", "con mi", "con mis", "combina con", "combinar con",
]  # fmt: skip
NEGATIONS = [
    "no", "not", "non", "without", "not too", "not so", "not very", "not overly", "nothing too",
    "won t wear", "wont wear", "wouldn t wear", "doesn t have to be", "does not have to be",
    "don t need", "do not need", "refuse", "refuses", "refuse to wear", "refuses to wear",
    "allergic to", "can t do", "cant do", "skip the", "drop the", "lose the", "nicht zu",
    "isn t too", "aren t too", "not be too", "without being too", "don t want anything too",
    "nicht so", "nicht allzu", "pas trop", "no demasiado", "no muy", "nada demasiado", "except",
    "except for", "never", "hate", "dislike", "avoid", "don t", "dont", "don t want", "dont want",
    "do not want", "not want", "other than", "anything but", "everything but", "instead of",
    "rather than", "neither", "nor", "aren t", "arent", "isn t", "isnt", "nothing", "nothing with",
    "no more", "had it with", "had enough of", "enough of", "plenty of", "got enough", "sick of",
    "tired of", "bored of", "fed up with", "own enough", "have enough", "terrible in", "awful in",
    "look bad in", "can t wear", "cant wear", "can t stand", "cant stand", "wardrobe is all",
    "wardrobe is full of", "only have", "already have enough", "kein", "keine", "keinen", "keiner",
    "nicht", "ohne", "außer", "bloß nicht", "nur nicht", "statt", "pas", "pas de", "sans", "sauf",
    "jamais", "rien de", "ni", "sin", "excepto", "menos", "nada de", "ningún", "ninguna", "tampoco",
]  # fmt: skip
RESUMPTIONS = [
    "but", "only", "just", "instead", "rather", "prefer", "want", "please", "yes", "need", "would",
    "what else", "else", "sondern", "aber", "lieber", "stattdessen", "bitte", "mais", "plutôt",
    "pero", "sino", "mejor", "looking for", "i d like", "which", "what",
]  # fmt: skip
# These look like words of the lexicon, or like cues, and are neither.
NOTHING = [
    "dress up", "dress down", "dress code", "in short", "no idea", "no matter", "no problem",
    "no clue", "not sure", "don t mind", "dont mind", "not much", "not only", "why not", "if not",
    "or not", "not really", "nothing to wear", "have nothing", "nothing for", "nothing against",
    "nothing beats", "don t have", "dont have", "do not have", "haven t got", "havent got",
    "haven t", "don t own", "do not own", "don t know", "dont know", "can t find", "cant find",
    "cannot find", "can never find", "never find", "say no to", "nichts anzuziehen", "nichts gegen",
    "nix gegen", "hab nichts", "habe nichts", "weiß nicht", "rien à me mettre", "rien à mettre",
    "je n ai pas", "je ne trouve pas", "trouve pas", "trouve jamais", "je ne sais pas", "sais pas",
    "nada que ponerme", "no tengo", "no encuentro", "no tenemos", "no rush", "have you got",
    "have you got a", "you got", "got any", "have you got any", "do you have", "i have to",
    "i have no", "i have a wedding", "i got to", "would match", "no fuss", "at least", "at work",
    "see you", "top of", "a bit", "set of", "on top of that", "i have no idea", "keine ahnung",
    "aucune idée", "ni idea", "no sé", "n importe", "egal", "da igual", "not bad", "can t wait",
    "cant wait", "won t stop", "short of", "long time", "so long", "as long as", "how long",
    "all day long", "long walk", "long day", "long week", "years old", "old", "pair of",
    "a pair of", "i like", "would like", "d like", "look like", "feel like", "looks good",
    "good looking",
]  # fmt: skip
# Between the members of a list.
ANDS = ["and", "plus", "then", "und", "sowie", "et", "puis", "y", "e", "also"]
ORS = ["or", "oder", "ou", "o", "u"]
# Between a garment and what it has.
LINKS = [
    "with", "in", "for", "on", "at", "of", "over", "under", "from", "made", "mit", "im", "aus",
    "für", "avec", "en", "pour", "con", "de", "para", "that", "which", "like",
]  # fmt: skip
# Before whom something is for.
FOR = ["for", "für", "pour", "para"]

# Function words by language.
LANGUAGES = {
    "en": (
        "the a an i you my for and with in of to is it do have what that any some please need want "
        "this your are on me something looking can would"
    ),
    "de": (
        "ich der die das ein eine einen einem einer und fur mit zu im nicht suche mir was etwas "
        "bitte wir auf gern gerne welche passt dazu brauche hatte haben fürs habt ihr den dem ist "
        "ohne"
    ),
    "fr": (
        "je le la les un une des et pour avec du de qui que me mon ma mes est il faut cherche "
        "quelque chose dans voudrais quelle quel sur vous ce cette sans avez"
    ),
    "es": (
        "el la los las un una y para con de que me mi mis busco algo por favor quiero necesito "
        "en es tiene tienen hay unos unas lo sin"
    ),
}
# Words that name clothes in one language and something else in another.
ONLY_ABROAD = [
    "rock", "hut", "pull", "robe", "costume", "sol", "mer", "basket", "dick", "court", "hell",
    "vent", "uni", "sac", "lang", "ami", "cuadro", "talon", "mono", "salir", "bal", "punto",
    "lino", "fille",
]  # fmt: skip
ONLY_ENGLISH = [
    "son", "sea", "sale", "he", "her", "him", "she", "date", "her", "bar", "mac", "tank",
]  # fmt: skip
# Endings of other languages' adjectives and nouns, and what stands in the dictionary instead.
ENDINGS = {
    "de": [("em", ""), ("en", ""), ("er", ""), ("es", ""), ("e", ""), ("n", "")],
    "fr": [("e", ""), ("es", ""), ("s", ""), ("x", "")],
    "es": [("a", "o"), ("as", "o"), ("os", "o"), ("es", ""), ("s", "")],
}

# Words as ordinary as those that they differ from by a letter: no misspellings.
ORDINARY = (
    "albeit american argent ballot banco batting battle benito bergen berger biking billing "
    "blame blanca blaze blazed boeing bombed bother bottled bowing boxing branch brandt brandy "
    "breach breached bridge brilliant bring brothel browne bubble budge bullet bunch bunker "
    "burden burton buster butter cappella cassy cellar cello chamber chapel chateau chemist "
    "chopped choral chunk claire claude clover coast colorado colton concept concern concerto "
    "convergence convert cooled cooper coping corner corte couple courier course covert crise "
    "crouch cruiser damien dancer dario decker decree deportivo dicken diner discrete dresser "
    "earthly expansive extensive farther feather fight filled float flora flowed format forrest "
    "freeing frescoe fresno freud fried garde garion granite greene greet healer herman hermann "
    "hiding hiring hooked housed interviewed jagger jogged jumped jungle jurgen klein larger "
    "lauren lawyer leader ledger leiden lengthy leonard leonardo lighted linden linger lively "
    "lonely longed longing loosen lunar madison madman maine manchu manned manson mantle manuel "
    "marche marching mariano marin marina mariner mario marion marlon marne marrow mason master "
    "median medina mister monkey montane muller munster neural neutron niche nightly noting "
    "officer oliver pack painted palmer parted partly paste patel patrol petit petty pirate "
    "plague plane planner plant player pointed ponder power preach preciou premio preservation "
    "prevent priced prince printer profession professionally property pursed pursue quartet "
    "raiding railing raising rally rebecca regal regent regret reilly related robber rocked "
    "rocker rocket royale rubbed ruining sabrina sample saying scandal scarce scare scarlett "
    "scrape seater senior sensor serviced sharpe shift shine shocking shone shooter silvery "
    "simply singled skipper skirmish slated slater slipped slippery sloan socket somme sonora "
    "speaker spite sprang sprung spying squared squire staging stain staring starter staten "
    "stating stephen steven stick sticking storey story strict stride strife strike string "
    "strip stripped strive struck sumner swaying sweeping sweety tarzan tenure terra thinker "
    "thrown topical tracey tracy trailer trailing trained trainee traver tricky turkic "
    "understand vacancy vested violent vuelta waited waiver waking walter wander wandering "
    "warmed warner water weaving welding while winding winger wooden write writer "
)
