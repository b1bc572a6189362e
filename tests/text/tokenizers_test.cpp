// WordPiece and SentencePiece: known words, cut texts, other scripts, bytes that are no text, and files that are wrong.
#include "small_sentencepiece.hpp"

#include <walt/text/sentencepiece.hpp>
#include <walt/text/wordpiece.hpp>

using namespace walt;

namespace {

const std::string special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> all;
    for (const std::u32string& word : wordpiece_tokenizer::words(text)) {
        all.emplace_back();
        for (const char32_t point : word) unicode::append(all.back(), point);
    }
    return all;
}
using list = std::vector<std::string>;
using ids = std::vector<std::int32_t>;

} // namespace

TEST_CASE("bert's words have no accents and no capitals, and punctuation is a word", "[text][wordpiece]") {
    CHECK(words_of("  A Crimson T-shirt, falling\tDOWN!\n") ==
          list{"a", "crimson", "t", "-", "shirt", ",", "falling", "down", "!"});
    CHECK(words_of("Na\u00efve CAF\u00c9 e\u0301 \u0130stanbul \u1e69") == list{"naive", "cafe", "e", "istanbul", "s"});
    CHECK(words_of("\u00c6r\u00f8 Stra\u00dfe \u03a3\u038a\u03a3") ==
          list{"\u00e6r\u00f8", "stra\u00dfe", "\u03c3\u03b9\u03c3"});
    CHECK(words_of("\u0401\u043b\u043a\u0430 \u0419") == list{"\u0435\u043b\u043a\u0430", "\u0438"});
    CHECK(words_of("\u732b\u304c\u8d70\u308b\u3002") == list{"\u732b", "\u304b", "\u8d70", "\u308b", "\u3002"});
    CHECK(words_of("\uac01") == list{"\u1100\u1161\u11a8"}); // Hangul, taken apart
    CHECK(words_of("a\u00a0b\u2003c\u2028d") == list{"a", "b", "c", "d"});
    CHECK(words_of("so\u00adft zero\u200bwidth") == list{"soft", "zerowidth"}); // what is not shown goes
    CHECK(words_of("\u00abx\u00bb \u20ac5") == list{"\u00ab", "x", "\u00bb", "\u20ac5"});
    CHECK(words_of("\u0301 \u0301").empty());
}

TEST_CASE("bytes that are no UTF-8 are left out", "[text][wordpiece]") {
    CHECK(words_of("a\xff\xfe"
                   "b \xc3") == list{"ab"});
    CHECK(words_of("\xc0\xaf\xe0\x80\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82x") ==
          list{"x"}); // overlong, surrogate, cut
    CHECK(words_of(std::string_view("a\0b", 3)) == list{"ab"});
    for (const char32_t point : {U'a', U'\u00e9', U'\u20ac', U'\U0001f697', U'\U0010ffff'}) {
        std::string text;
        unicode::append(text, point);
        CHECK(unicode::decode(text) == std::u32string{point});
    }
}

TEST_CASE("a word is the longest pieces that the vocabulary has, or unknown", "[text][wordpiece]") {
    const temporary_folder folder;
    const auto path = folder.write("vocab.txt", special + "un\n##aff\n##able\nu\n##n\n,\n\u732b\n[\n]\nsep\n");
    const wordpiece_tokenizer tokenizer(path);
    CHECK(tokenizer.vocabulary() == 14);
    CHECK(tokenizer.padding() == 0);
    CHECK(tokenizer("Unaffable, \u732b", 16).ids == ids{2, 4, 5, 6, 9, 10, 3});
    CHECK(tokenizer("unaffy u", 16).ids == ids{2, 1, 7, 3}); // a rest that no piece begins: the whole word
    CHECK(tokenizer("unn", 16).ids == ids{2, 4, 8, 3});
    CHECK(tokenizer("[SEP]", 16).ids == ids{2, 11, 13, 12, 3});             // it is text
    CHECK(tokenizer("u" + std::string(99, 'n'), 128).ids.size() == 101);    // un, and 98 times ##n
    CHECK(tokenizer("u" + std::string(100, 'n'), 128).ids == ids{2, 1, 3}); // too long a word
    const token_list none = tokenizer(" \t", 16), cut = tokenizer("un un un un", 4);
    CHECK((none.ids == ids{2, 3} && none.words == 0 && none.cut == 0));
    CHECK((cut.ids == ids{2, 4, 4, 3} && cut.words == 2 && cut.cut == 2));
    CHECK_THROWS_WITH(tokenizer("un", 2), "a text of BERT has 3 tokens or more; max_tokens is 2");
    CHECK(wordpiece_tokenizer(folder.write("crlf", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nun")).vocabulary() == 5);
    CHECK(wordpiece_tokenizer(path).fingerprint() == tokenizer.fingerprint());
    CHECK(wordpiece_tokenizer(folder.write("other", special)).fingerprint() != tokenizer.fingerprint());
}

TEST_CASE("a vocabulary that is none is refused in a sentence", "[text][wordpiece]") {
    const temporary_folder folder;
    const auto refused = [&](std::string_view text) {
        const auto path = folder.write("vocab.txt", text);
        try {
            const wordpiece_tokenizer tokenizer(path);
        } catch (const error& e) {
            const std::string said = e.what();
            REQUIRE(said.starts_with(path.string()));
            return said.substr(path.string().size());
        }
        return std::string();
    };
    CHECK(refused("") == " is no vocabulary of WordPiece: of its 0 tokens none is [PAD]");
    CHECK(refused("[PAD]\n[UNK]\n[CLS]\na\n") == " is no vocabulary of WordPiece: of its 4 tokens none is [SEP]");
    CHECK(refused(special + "a\nb\na\n") ==
          " is no vocabulary of WordPiece: it has a twice, the second time in line 7");
    CHECK(refused(special + "a\n\nb\n") == " is no vocabulary of WordPiece: its line 6 is empty");
    CHECK_THROWS_AS(wordpiece_tokenizer(folder.path / "absent"), error);
}

TEST_CASE("sentencepiece ends every text, pads by its own number, and keeps the end of a cut text",
          "[text][sentencepiece]") {
    const temporary_folder folder;
    const sentencepiece_tokenizer tokenizer(train_sentencepiece(folder, "small"));
    const token_list all = tokenizer("a red sneaker moving left", 64);
    REQUIRE(all.ids.size() > 4);
    CHECK((all.ids.back() == 1 && all.words == all.ids.size() - 1 && all.cut == 0));
    CHECK(tokenizer.padding() == 0);
    const int kept = static_cast<int>(all.ids.size()) - 2;
    const token_list cut = tokenizer("a red sneaker moving left", kept);
    CHECK((cut.ids.size() == static_cast<std::size_t>(kept) && cut.ids.back() == 1 && cut.cut == 2));
    CHECK(std::equal(cut.ids.begin(), cut.ids.end() - 1, all.ids.begin()));
    CHECK(tokenizer("", 8).ids == ids{1});
    CHECK(tokenizer("   ", 8).words == 0);
    for (const char* text :
         {"\xff\xfe\xc3", "\u732b\u304c\u8d70\u308b", "\u0645\u0631\u062d\u0628\u0627", "\U0001f697"}) {
        const token_list other = tokenizer(text, 64);
        CHECK((other.ids.size() > 1 && other.ids.back() == 1));
        for (const std::int32_t id : other.ids) CHECK((id >= 0 && id < tokenizer.vocabulary()));
    }
    CHECK_THROWS_WITH(tokenizer("a", 1), "a text of T5 has 2 tokens or more; max_tokens is 1");
}

TEST_CASE("a file that is no sentencepiece model is refused in a sentence", "[text][sentencepiece]") {
    const temporary_folder folder;
    const auto garbage = folder.write("garbage", "this is no model");
    CHECK_THROWS_WITH(sentencepiece_tokenizer(garbage),
                      Catch::Matchers::StartsWith(garbage.string() + " is not a SentencePiece model: "));
    CHECK_THROWS_WITH(sentencepiece_tokenizer(folder.write("empty", "")),
                      Catch::Matchers::Contains("not a SentencePiece model"));
    const auto endless = train_sentencepiece(folder, "endless", -1);
    CHECK_THROWS_WITH(sentencepiece_tokenizer(endless), endless.string() +
                                                            " is a SentencePiece model without an end of a "
                                                            "sentence, which T5 needs");
}
