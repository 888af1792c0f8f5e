"""Words and signs that tell a feeling, by language.

An entry is a word or a phrase in lower case; `*` at its end takes every ending, `~` before it halves its weight.
The lists were written for this project, from what a character says to its audience.
"""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["ALPHABETIC", "CHINESE", "EXPRESSIONS", "JAPANESE", "NEGATIONS", "SIGNS", "STRENGTHENING", "WEAKENING"]

EXPRESSIONS = MappingProxyType(
    {
        "happy": ("happy", "joy", "glad", "cheerful", "smile", "fun", "嬉しい", "喜び", "笑顔", "笑", "开心", "高兴"),
        "sad": ("sad", "sorrow", "sorry", "down", "worried", "cry", "悲しい", "哀", "泣き", "难过", "伤心"),
        "angry": ("angry", "anger", "mad", "annoyed", "pout", "怒り", "怒", "生气"),
        "surprised": ("surprised", "surprise", "shocked", "amazed", "gasp", "驚き", "驚", "惊讶"),
        "relaxed": ("relaxed", "calm", "content", "peaceful", "gentle", "smile", "のんびり", "放松"),
    }
)
"""Each feeling, and what maps call the face that shows it, best first."""

ALPHABETIC = MappingProxyType(
    {
        "happy": (
            # English
            "yay*|yippee|hooray|hurray|woohoo|woo hoo|yess|yesss|happy|happier|happiest|happily|glad|gladly|"
            "delighted|joy|joyful|cheerful|excited|exciting|thrilled|wonderful|fantastic|awesome|amazing|lovely|"
            "brilliant|~great|~nice|~good job|well done|~fun|~funny|hilarious|adorable|~cute|sweet of you|so sweet|"
            "~best|you're the best|~love|~loved|~loves|~loving|i love|i really love|we love|love you|love it|"
            "love this|love that|adore|~hello|~hi|~hi there|~hey everyone|~hey there|~good morning|~good evening|"
            "~pretty neat|~neat|~hugs|thank you so much|thanks so much|~thank you|~thanks|congrat*|happy birthday|"
            "welcome back|~welcome|we did it|you did it|i did it|we won|i won|you won|proud of|can't wait|"
            "so much fun|look forward|looking forward|good news|great news|made my day|ha ha|haha*|hehe*|hihi*|"
            "heehee|lol|lmao|rofl|xd|enjoy|enjoyed|enjoying|celebrat*|lucky|favorite person|~perfect|glad you came|"
            "bravo|cheers|yum|yummy|not bad at all|so good|"
            # Spanish
            "feliz|felices|alegr*|contento|contenta|genial|fantástico|fantástica|maravill*|estupend*|encanta|"
            "encantan|encantada|encantado|divertid*|jaja*|jeje*|muchas gracias|~gracias|te quiero|os quiero|"
            "felicidades|enhorabuena|lo logramos|lo conseguimos|ganamos|hemos ganado|yupi|viva|olé|qué bien|"
            "qué bonito|qué lindo|bienvenid*|ilusión|~bien hecho|emocionad*|~hola|~buenos días|~buenas tardes|"
            "~buenas noches|buenísim*|me gusta mucho|hurra|"
            # German
            "juhu*|hurra|jippie|yippie|freu|freue|freut|freuen|freude|glücklich|fröhlich|wunderbar*|großartig*|"
            "fantastisch*|herrlich*|toll|tolle|tolles|klasse|vielen dank|~danke|total lieb|alles gute zum|"
            "glückwunsch*|herzlichen glückwunsch|hab dich lieb|liebe dich|liebe euch|gewonnen|geschafft|lustig|"
            "~super|spaß|begeistert|willkommen|~prima|gut gemacht|~schön|~hallo|~guten morgen|~guten abend|"
            "~hi zusammen|liebsten|"
            # French
            "joyeux|joyeuse|heureux|heureuse|content|contente|contents|ravi|ravie|génial*|formidable|merveill*|"
            "magnifique|adorable|j'adore|adore|bonheur|~merci|merci beaucoup|bravo|félicitations|on a gagné|"
            "j'ai gagné|on a réussi|youpi|hourra|mdr|drôle|rigolo*|je t'aime|je vous aime|bienvenue|chouette|"
            "quelle joie|~salut|~bonjour|~bonsoir|~coucou|trop mignon|~hihi"
        ),
        "sad": (
            # English
            "sad|sadder|sadly|sadness|unhappy|sorry|so sorry|heartbroken|broke my heart|breaks my heart|"
            "heartbreaking|miss|missed you all|lonely|alone|loneliness|cry|cried|crying|tears|~tear|depressed|"
            "depressing|disappoint*|hopeless|miserable|gloomy|grief|mourn*|passed away|~died|~lost|~failed|"
            "feel down|feeling down|bit down|i'm down|regret*|farewell|goodbye forever|what a pity|what a shame|"
            "too bad|unfortunately|hurts|~hurt|i wish you|i wish i could|wish you didn't|oh no|nobody came|"
            "nobody cares|no one came|homesick|not happy|last stream together|alas|sob|sobs|sobbing|poor thing|"
            # Spanish
            "triste|tristes|tristeza|pena|qué pena|qué lástima|lástima|llorar|lloro|llorando|lágrimas|lo siento|"
            "echo de menos|te extraño|extraño a|~perdí|hemos perdido|perdimos|sola|soledad|deprimid*|decepcion*|"
            "desgracia|por desgracia|desafortunadamente|me duele|corazón roto|"
            # German
            "traurig*|schade|leider|weinen|weine|geweint|tränen|einsam*|allein|vermisse|vermissen|fehlst mir|"
            "fehlt mir|mir fehlt|es tut mir leid|tut mir leid|tut mir wirklich leid|tut mir so leid|enttäuscht|"
            "~verloren|gestorben|unglücklich|kummer|das herz gebrochen|"
            # French
            "tristes|tristesse|malheureu*|dommage|pleure|pleurer|pleuré|larmes|me manque|me manques|me manquez|"
            "seule|désolé|désolée|navré|navrée|déçu|déçue|~perdu|on a perdu|hélas|chagrin|déprimé|déprimée|solitude"
        ),
        "angry": (
            # English
            "angry|anger|angrier|furious|mad at|so mad|rage|raging|hate|hated|hates|annoy*|irritat*|infuriat*|"
            "outrag*|unfair|not fair|how dare|stop it|stop that|stop spoiling|i mean it|knock it off|cut it out|"
            "shut up|can't stand|fed up|sick of|rude|disgusting|disrespect*|jerk|jerks|idiot*|cheater*|~cheat|"
            "~cheated|cheating|ugh|argh*|grr*|damn|dammit|hmph|leave me alone|leave them alone|leave my|"
            "get out of here|unacceptable|ridiculous|enough already|that's enough|had enough|pisses|pissed|betray*|"
            "liar|"
            # Spanish
            "enfad*|enoj*|furios*|rabia|odio|odia|basta|basta ya|cállate|no es justo|injust*|trampa|trampos*|"
            "molesta|molestando|me molesta|harto|harta|maldit*|idiota|imbécil|cómo te atreves|indigna*|fastidi*|"
            "déjame en paz|"
            # German
            "wütend|wut|sauer|zornig|verärgert|ärger*|nervt|nervig|genervt|hasse|hasst|unfair|ungerecht|"
            "unverschämt*|frechheit|hör auf|hör sofort auf|hört auf|schluss jetzt|jetzt reicht's|mir reicht's|"
            "verdammt*|wie kannst du es wagen|was fällt dir ein|halt den mund|blöd*|doof|betrüg*|geschummelt|"
            # French
            "en colère|colère|furieux|furieuse|fâché|fâchée|énerv*|agac*|déteste|détester|marre|ras le bol|injuste|"
            "triché|tricheur*|arrête|arrêtez|ça suffit|tais-toi|comment oses-tu|insupportable|scandaleux|zut|"
            "mince alors"
        ),
        "surprised": (
            # English
            "wow|whoa|woah|omg|oh my god|oh my gosh|my goodness|oh my|no way|wait what|wait, what|huh|eh|really?|"
            "what?|what?!|seriously?|unbelievable|incredible|can't believe|cannot believe|couldn't believe|surpris*|"
            "shock*|astonish*|astound*|stunned|speechless|unexpected|unexpectedly|didn't expect|never expected|"
            "didn't see that coming|didn't see it coming|out of nowhere|who would have thought|"
            "never would have guessed|since when|gosh|jeez|holy cow|holy moly|yikes|gasp|are you serious|for real|"
            "you're kidding|you must be kidding|mind blown|all along|impossible|"
            # Spanish
            "vaya|dios mío|madre mía|increíble|no me lo puedo creer|no lo puedo creer|no puedo creer|no me lo creo|"
            "no me lo esperaba|sorpres*|sorprend*|de verdad?|en serio?|qué?|ostras|caramba|hala|anda ya|"
            "quién lo diría|imposible|guau|"
            # German
            "boah|krass|meine güte|ach du meine güte|ach du liebe zeit|du lieber himmel|unglaublich*|"
            "kaum zu glauben|nicht zu fassen|überrasch*|nicht gedacht|hätte ich nicht gedacht|nicht erwartet|"
            "ehrlich?|wirklich?|im ernst?|echt?|was?|wahnsinn|oha|hoppla|huch|nanu|unmöglich|"
            # French
            "oh là là|oh la la|ouah|waouh|incroyable|ça alors|pas possible|c'est pas vrai|je n'y crois pas|"
            "je n'en reviens pas|m'y attendais pas|je ne m'y attendais pas|surpris|surprise|étonn*|vraiment?|quoi?|"
            "sérieux?|mon dieu|tiens donc|hein?|ah bon|ah bon?"
        ),
        "relaxed": (
            # English
            "relax|relaxed|relaxing|calm|calmly|calming|peaceful|peace|cozy|cosy|comfy|comfortable|take it easy|"
            "take your time|no rush|no hurry|chill|chilling|soothing|serene|tranquil|quiet evening|phew|ahh|ahhh|"
            "breathe|deep breath|unwind|rest|resting|nap|sleepy|warm cup|cup of tea|nothing to worry|don't worry|"
            "no worries|it's all right|it's alright|it's okay|everything is fine|everything will be fine|"
            "lazy sunday|slowly|snug|mellow|~at ease|~blanket|"
            # Spanish
            "tranquil*|calma|calmad*|relaj*|paz|sin prisa|no hay prisa|no te preocupes|no pasa nada|todo está bien|"
            "descans*|respira|cómod*|a gusto|serenidad|despacio|uf|poco a poco|"
            # German
            "ruhig|ganz ruhig|in ruhe|ruhe|entspann*|gemütlich*|gelassen*|keine sorge|mach dir keine sorgen|"
            "kein stress|keine eile|wir haben zeit|lass dir zeit|alles ist gut|alles wird gut|alles in ordnung|"
            "ausruhen|feierabend|kuschelig*|friedlich*|durchatmen|atme|puh|gemächlich|"
            # French
            "calme|calmement|du calme|tranquille|tranquillement|détend*|détente|relaxe|repose|reposer|repose-toi|"
            "respire|doucement|paisible|serein|sereine|pas de souci|ne t'inquiète pas|ne vous inquiétez pas|"
            "tout va bien|prends ton temps|tout notre temps|sans stress|rien ne presse|confortable|ouf|cocooning|"
            "~douce"
        ),
    }
)
"""For scripts that part words by spaces: matched word by word, the longest phrase first."""

JAPANESE = MappingProxyType(
    {
        "happy": "やった|やったー|わーい|わあい|嬉し|うれし|幸せ|しあわせ|楽し|たのし|大好き|だいすき|好きだよ|最高|"
        "ありがと|おめでと|よかったね|良かったね|よかったあ|えへへ|えへ|あはは|ははは|うふふ|ふふっ|可愛|かわいい|"
        "ご機嫌|わくわく|ワクワク|うきうき|ルンルン|ハッピー|面白|おもしろ|~素敵|~すてき|褒め|勝った|勝てた|"
        "クリアし|合格し|いえーい|イエーイ|バンザイ|万歳|ｗｗ|ww|笑顔|喜ん|よろこ|ナイス|お疲れさま！|おかえり|"
        "すごいじゃ|すごいね|すごいよ|さすが|お祝い|~こんにちは|~こんばんは|~おはよう",
        "sad": "悲し|かなし|寂し|さびし|さみし|辛い|つらい|つらく|泣い|泣き|泣け|涙|切な|落ち込|残念|ざんねん|"
        "うう、|うぅ|ううっ|ぐすん|しくしく|ごめんね|ごめんなさい|申し訳|お別れ|失くし|なくしちゃ|なくなっちゃ|"
        "会えなく|負けちゃ|負けた|失敗し|憂鬱|ショックで|がっかり|しょんぼり|孤独|ひとりぼっち|~はぁ…|悔し|亡くな|"
        "心が痛",
        "angry": "怒|腹が立|腹立|むかつ|ムカつ|ムカムカ|イライラ|いらいら|許さない|許せない|ゆるさない|いい加減に|"
        "ふざけ|失礼|ひどい！|ひどいよ|ひどい|最低|大嫌い|だいきらい|うるさい|黙って|だまって|邪魔しないで|やめてよ|"
        "やめなさい|ばか|バカ|馬鹿|ぷんぷん|プンプン|こら|こらっ|もう！|ずるい|卑怯|ありえない！|裏切",
        "surprised": "えっ|ええっ|ええー|えー！|えええ|はっ！|わっ|うわっ|うわあ|びっくり|ビックリ|驚|おどろ|まさか|"
        "うそ|嘘でしょ|嘘だろ|マジ|まじで|ほんとに？|本当に？|信じられな|信じられ|なんと、|なんと！|なんだって|"
        "なにこれ|何これ|すごい！|~すごい|!?|！？|？！|思わなかった|予想外|意外|いつの間に|どういうこと|"
        "いいんですか？|いいの？|そうなの？|そうなんですか？",
        "relaxed": "落ち着|おちつ|のんびり|ゆっくり|ほっと|ほっこり|癒|リラックス|安心|心配いらな|心配ない|"
        "心配しない|大丈夫|焦らな|あせらな|ひと休み|一休み|休憩|休もう|深呼吸|ぬくぬく|ぽかぽか|まったり|気持ちいい|"
        "気持ちよ|ふう|ふぅ|穏やか|静かな夜|心地よ|くつろ|ごろごろ|うとうと|無理しないで|平和",
    }
)
"""For Japanese: matched anywhere, the longest first."""

CHINESE = MappingProxyType(
    {
        "happy": "太好了|太棒|真棒|好棒|开心|高兴|快乐|幸福|喜欢|喜爱|我爱|爱你|爱死|哈哈|嘻嘻|嘿嘿|恭喜|祝贺|谢谢|"
        "感谢|耶|赢了|成功了|做到了|有趣|好玩|好笑|可爱|期待|欢迎|万岁|真好|好耶|激动|兴奋|笑死|最棒|完美|精彩|开森|"
        "大家好|你好|早上好|晚上好|太对了|開心|高興|快樂|喜歡|愛你|謝謝|感謝|恭喜|歡迎|贏了|可愛",
        "sad": "难过|伤心|悲伤|难受|心碎|心痛|孤单|孤独|寂寞|哭|眼泪|流泪|失落|失望|沮丧|可惜|遗憾|唉|对不起|抱歉|"
        "想念|舍不得|再也见不到|输了|走丢|呜呜|难以释怀|去世|离开我|委屈|郁闷|不开心|不高兴|不快乐|難過|傷心|孤單|"
        "眼淚|遺憾|對不起|輸了|嗚嗚",
        "angry": "生气|气死|愤怒|发火|火大|恼火|烦人|烦死|好烦|讨厌|可恶|过分|太坏|混蛋|闭嘴|住口|住手|够了|"
        "岂有此理|不公平|作弊|凭什么|怎么可以|怎么能|哼|受不了|恨|无耻|骗子|别再|滚开|忍无可忍|生氣|氣死|憤怒|討厭|"
        "過分|閉嘴|夠了|憑什麼|怎麼可以",
        "surprised": "哇|天哪|天啊|我的天|老天|什么？|什么！|甚么|真的吗|真的假的|不会吧|没想到|想不到|竟然|居然|吓|"
        "咦|诶|难以置信|不敢相信|惊讶|震惊|惊呆|出乎意料|怎么会|意外|？！|！？|!?|天吶|真的嗎|不會吧|沒想到|嚇|驚訝|"
        "什麼？|什麼！",
        "relaxed": "放松|轻松|休息|慢慢|别急|别着急|不急|不着急|别担心|不用担心|没关系|没事的|没事儿|平静|安静地|"
        "舒服|惬意|悠闲|安心|放心|深呼吸|宁静|呼，|热茶|喝茶|懒洋洋|自在|歇一|放鬆|輕鬆|別急|別擔心|不用擔心|沒關係|"
        "沒事的|平靜|愜意|悠閒|寧靜",
    }
)
"""For Chinese, simplified and traditional: matched anywhere, the longest first."""

SIGNS = MappingProxyType(
    {
        "happy": (":)", ":-)", ":D", ":-D", "=)", "^^", "^_^", "(^^)", "<3", "♪", "♥", "☆", "ㅋㅋ", "ㅎㅎ"),
        "sad": (":(", ":-(", ":'(", "T_T", "TT", "ㅠㅠ", "ㅜㅜ", ";_;", "(;;)", "QAQ"),
        "angry": (">:(", ">_<#", "(╬", "ヽ(`Д´)"),
        "surprised": ("?!", "!?", "？！", "！？", ":O", ":-O", "O_O", "o_O", "O.O", "⁉"),
        "relaxed": ("(´ω`)", "(´▽`)", "～♪"),
    }
)
"""Emoticons and punctuation, case kept."""

NEGATIONS = (
    "not|no|never|without|don't|doesn't|didn't|isn't|aren't|wasn't|weren't|won't|wouldn't|can't|cannot|couldn't|"
    "shouldn't|hardly|barely|nor|nobody|ain't|sin|nunca|jamás|tampoco|ni|nicht|kein|keine|keinen|keiner|keinem|"
    "nie|niemals|ohne|ne|pas|jamais|sans|aucun|aucune|n'est|n'ai|n'a"
)
"""Words before which, within three words, a feeling is not felt."""

STRENGTHENING = (
    "so|very|really|too|super|extremely|totally|absolutely|truly|incredibly|such|muy|tan|tanto|qué|súper|"
    "realmente|sehr|total|echt|wirklich|richtig|ganz|très|tellement|trop|vraiment|si"
)

WEAKENING = "bit|little|somewhat|slightly|kinda|kind|sort|rather|poco|algo|etwas|bisschen|ein|wenig|peu|assez|plutôt"
