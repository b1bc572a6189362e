#include "../catch.hpp"

#include <walt/text/word_vectors.hpp>

#include <cmath>
#include <set>

namespace {
struct encoded {
    std::vector<float> rows;
    std::vector<std::uint8_t> valid;
    encoded(const walt::word_vectors& encoder, const std::string& text) {
        const walt::text_batch made = encoder.encode(std::span(&text, 1));
        made.check();
        REQUIRE((made.tokens == encoder.max_tokens() && made.dim == encoder.dim() && made.texts() == 1));
        rows = made.vectors;
        valid = made.valid;
    }
    bool operator==(const encoded&) const = default;
};
} // namespace

TEST_CASE("a text falls into words") {
    CHECK(walt::words("A red T-shirt, moving UP  left!") ==
          std::vector<std::string>{"a", "red", "t", "shirt", "moving", "up", "left"});
    CHECK(walt::words("two_words\tand\n3 d") == std::vector<std::string>{"two", "words", "and", "3", "d"});
    CHECK(walt::words("Na\xc3\xafve\xe2\x82\xac!") == std::vector<std::string>{"na\xc3\xafve\xe2\x82\xac"});
    CHECK(walt::words(" .,;-! ").empty());
}

TEST_CASE("encoding is fixed, case-insensitive, and zero where invalid") {
    const walt::word_vectors encoder(24, 5);
    CHECK((encoder.dim() == 24 && encoder.max_tokens() == 5));
    const encoded one(encoder, "a red boot");
    CHECK(one == encoded(encoder, "  A Red, BOOT."));
    CHECK_FALSE(one == encoded(encoder, "a red bag"));
    CHECK(one.valid == std::vector<std::uint8_t>{1, 1, 1, 0, 0});
    for (std::size_t i = 3 * 24; i < one.rows.size(); ++i) CHECK(one.rows[i] == 0.0f);
}

TEST_CASE("no words: valid nowhere, which is unconditional") {
    for (const char* text : {"", "  ", "?!"}) {
        const encoded none(walt::word_vectors(), text);
        CHECK(none.rows == std::vector<float>(64 * 8, 0.0f));
        CHECK(none.valid == std::vector<std::uint8_t>(8, 0));
    }
}

TEST_CASE("words beyond the last token are left out") {
    const walt::word_vectors encoder(16, 3);
    CHECK(encoded(encoder, "one two three four five") == encoded(encoder, "one two three"));
    CHECK(encoded(encoder, "one two three four").valid == std::vector<std::uint8_t>{1, 1, 1});
    CHECK(walt::words("one two three four").size() == 4);
}

TEST_CASE("which words have no room is said, and only of those that have room whether training saw them") {
    const walt::word_vectors any(16, 3);
    CHECK(any.no_room("A red boot") == "");
    CHECK(any.no_room("") == "");
    CHECK(any.no_room("A red boot moving UP, left") == "a text of 6 words has room for 3; left out: 'moving up left'");
    const walt::word_vectors trained = any.trained_with(walt::vocabulary("a red boot left"));
    CHECK(trained.no_room("a red boot left") == "a text of 4 words has room for 3; left out: 'left'");
    CHECK(trained.never_seen("a red boot by the sea").empty()); // of which nothing is read
    CHECK(trained.never_seen("by a by sea").size() == 1);
    CHECK(encoded(trained, "a red boot by the sea") == encoded(trained, "a red boot"));
}

TEST_CASE("the same word at two places differs by the position code alone") {
    const walt::word_vectors encoder(10, 4);
    const encoded same(encoder, "left left left");
    const double amplitude = static_cast<double>(walt::word_vectors::position_amplitude);
    for (std::size_t p = 1; p < 3; ++p)
        for (std::size_t k = 0; k < 5; ++k) {
            const double angle = static_cast<double>(p) * std::pow(10000.0, -static_cast<double>(k) / 5);
            CHECK(same.rows[10 * p + k] - same.rows[k] == Approx(amplitude * std::sin(angle)).margin(1e-5));
            CHECK(same.rows[10 * p + 5 + k] - same.rows[5 + k] ==
                  Approx(amplitude * (std::cos(angle) - 1)).margin(1e-5));
        }
}

TEST_CASE("words are normal vectors of unit variance that differ from each other") {
    const walt::word_vectors encoder(64, 1);
    double sum = 0, squares = 0;
    std::set<float> firsts;
    for (int word = 0; word < 300; ++word) {
        const encoded one(encoder, "word" + std::to_string(word));
        firsts.insert(one.rows[0]);
        for (std::size_t k = 0; k < 64; ++k) {
            const float position = k < 32 ? 0 : walt::word_vectors::position_amplitude; // cos 0
            const double value = static_cast<double>(one.rows[k] - position);
            sum += value;
            squares += value * value;
        }
    }
    CHECK(firsts.size() == 300);
    CHECK(std::abs(sum / 19200) < 0.03);
    CHECK(squares / 19200 == Approx(1).margin(0.04));
}

TEST_CASE("dimensions that make no vectors are refused") {
    CHECK_THROWS_AS(walt::word_vectors(7, 4), walt::error);
    CHECK_THROWS_AS(walt::word_vectors(0, 4), walt::error);
    CHECK_THROWS_AS(walt::word_vectors(8, 0), walt::error);
}

TEST_CASE("words end at Unicode's spaces and punctuation, and at what is no UTF-8; what is not shown is left out") {
    using list = std::vector<std::string>;
    CHECK(walt::words("A red boot") == list{"a", "red", "boot"});
    CHECK(walt::words("\u201cA red\u201d\u2003boot\u2014moving\u3000left\u3002") ==
          list{"a", "red", "boot", "moving", "left"});
    CHECK(walt::words("\uFEFFa\u00A0red\u200Bboot") == list{"a", "red", "boot"});
    CHECK(walt::words("bo\u00ADot") == list{"boot"}); // a soft hyphen
    CHECK(walt::words("красный ботинок") == list{"красный", "ботинок"});
    CHECK(walt::words("caf\xE9 au") == list{"caf", "au"});
}
