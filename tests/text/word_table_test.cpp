// Words with meaning: what a table must be, which words are near, and what an encoder makes of words that training
// never saw.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/io/safetensors_writer.hpp>
#include <walt/text/read_word_table.hpp>
#include <walt/text/trained_text.hpp>

#include <cmath>
#include <fstream>

using namespace walt;
using Catch::Matchers::Contains;

namespace {
word_table small() { // red and crimson are near, west is far from all
    return word_table({"red", "crimson", "blue", "west"}, 2, {1, 0.1f, 1, 0, 0.1f, 1, -1, -1});
}
/// A file of words, one number of each, as read_word_table takes it.
void write(const std::filesystem::path& path, const std::string& words, std::vector<std::int64_t> shape,
           std::vector<std::uint8_t> levels) {
    safetensors_writer file;
    const std::vector<std::uint8_t> text(words.begin(), words.end());
    const std::vector<float> scales(static_cast<std::size_t>(shape[1]), 0.5f);
    file.add<float>("scales", {shape[1]}, scales);
    file.add<std::uint8_t>("vectors", shape, levels);
    file.add<std::uint8_t>("words", {static_cast<std::int64_t>(text.size())}, text);
    file.save(path);
}
std::vector<float> first_token(const word_vectors& encoder, const std::string& word) {
    const std::vector<float> all = encoder.encode(std::span(&word, 1)).vectors;
    return {all.begin(), all.begin() + encoder.dim()};
}
} // namespace

TEST_CASE("a table finds words and their nearest") {
    const word_table table = small();
    CHECK((table.size() == 4 && table.dim() == 2));
    REQUIRE(table.find("blue"));
    CHECK((*table.find("blue"))[1] == 1.0f);
    CHECK_FALSE(table.find("shoe"));
    const auto near = table.nearest("crimson", vocabulary("red blue"));
    REQUIRE(near);
    CHECK(near->word == "red");
    CHECK(near->cosine == Approx(1 / std::sqrt(1.01)));
    CHECK_FALSE(table.nearest("shoe", vocabulary("red")));
    CHECK_FALSE(table.nearest("red", vocabulary("shoe")));
    CHECK(table.identity() == small().identity());
    CHECK(table.identity() != word_table({"red"}, 2, {1, 0}).identity());
}

TEST_CASE("a table that is none is refused") {
    CHECK_THROWS_WITH(word_table({"a", "b"}, 2, {1, 2, 3}), Contains("2 words of 2 numbers came with 3 numbers"));
    CHECK_THROWS_WITH(word_table({"a", "a"}, 1, {1, 2}), Contains("the word 'a' comes twice"));
    CHECK_THROWS_WITH(word_table({"a", ""}, 1, {1, 2}), Contains("word 1 is empty"));
    CHECK_THROWS_WITH(word_table({"a", "b"}, 1, {1, 0}), Contains("the vector of 'b' should have a length, not 0"));
    CHECK_THROWS_WITH(word_table({"a"}, 1, {NAN}), Contains("the vector of 'a'"));
}

TEST_CASE("a table is read from a file, strictly") {
    const temporary_folder folder;
    const auto path = folder.path / "words.safetensors";
    write(path, "a\nb", {2, 2}, {128, 130, 0, 255});
    const word_table table = read_word_table(path);
    CHECK((table.size() == 2 && table.dim() == 2));
    CHECK((*table.find("a"))[0] == 0.0f);
    CHECK((*table.find("a"))[1] == 1.0f);
    CHECK((*table.find("b"))[0] == -64.0f);
    CHECK((*table.find("b"))[1] == 63.5f);

    write(path, "a\nb\nc", {2, 2}, {128, 130, 0, 255});
    CHECK_THROWS_WITH(read_word_table(path), Contains("tensor vectors should have shape [3, 2] and has [2, 2]"));
    write(path, "a\na", {2, 2}, {128, 130, 0, 255});
    CHECK_THROWS_WITH(read_word_table(path), Contains("the word 'a' comes twice"));
    write(path, "a\n\nb", {3, 1}, {1, 2, 3});
    CHECK_THROWS_WITH(read_word_table(path), Contains("word 1 is empty"));
    write(path, "a", {1, 1}, {128});
    CHECK_THROWS_WITH(read_word_table(path), Contains("the vector of 'a'"));

    write(path, "a\nb", {2, 2}, {128, 130, 0, 255});
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    CHECK_THROWS_AS(read_word_table(path), error);
    CHECK_THROWS_AS(read_word_table(folder.path / "none.safetensors"), error);
    safetensors_writer file;
    file.add<float>("words", {1}, std::vector<float>{1});
    file.save(path);
    CHECK_THROWS_WITH(read_word_table(path), Contains("words should have elements of type U8, not F32"));
}

TEST_CASE("an encoder takes meaning from a table") {
    const word_vectors hashes(6, 2), meaning(small(), 6, 2);
    const std::vector<float> red = first_token(meaning, "red"), plain = first_token(hashes, "red");
    const float amplitude = word_vectors::position_amplitude; // place 0 is sin 0 and cos 0
    CHECK(red[0] == Approx(1.0f));
    CHECK(red[1] == Approx(0.1f));
    CHECK(red[2] ==
          Approx(word_vectors::hash_amplitude * plain[2]).margin(1e-6)); // what tells words of one meaning apart
    CHECK(red[5] == Approx(word_vectors::hash_amplitude * (plain[5] - amplitude) + amplitude).margin(1e-6));
    CHECK(first_token(meaning, "shoe") == first_token(hashes, "shoe"));
    CHECK_THROWS_WITH(word_vectors(small(), 0, 2), Contains("even dimension"));
    CHECK_THROWS_WITH(word_vectors(word_table({"a"}, 4, {1, 2, 3, 4}), 2, 2), Contains("no room for a table's 4"));
}

TEST_CASE("a word that training never saw is read as the nearest that it saw, and said") {
    const word_vectors any(small(), 6, 2), trained = any.trained_with(vocabulary("a Red, blue shoe"));
    CHECK(first_token(trained, "crimson") == first_token(any, "red"));
    CHECK(first_token(trained, "west") == std::vector<float>(6, 0.0f)); // near to none
    const std::vector<std::string> texts{"west red", "xyzzy"};
    CHECK(trained.encode(texts).valid == std::vector<std::uint8_t>{0, 1, 0, 0});
    const word_vectors own = any.trained_with(vocabulary("red"), unseen_words::own_vectors);
    CHECK(own.encode(texts) == any.encode(texts));

    CHECK(trained.never_seen("a red SHOE").empty());
    const auto sentence = [&](const word_vectors& of, const char* text) {
        const std::vector<std::string> all = of.never_seen(text);
        REQUIRE(all.size() == 1);
        return all[0];
    };
    CHECK(sentence(trained, "a crimson shoe, crimson") ==
          "never seen in training: 'crimson' (nearest seen: 'red', as which it is read)");
    CHECK(sentence(trained, "xyzzy") == "never seen in training: 'xyzzy' (an unknown word; it is left out)");
    CHECK(sentence(trained, "west") ==
          "never seen in training: 'west' (near to none, not even 'blue'; it is left out)");
    CHECK(sentence(own, "crimson") == "never seen in training: 'crimson' (nearest seen: 'red')");
    CHECK(any.never_seen("crimson").empty()); // nobody knows what training saw
    CHECK(sentence(word_vectors(6, 2).trained_with(vocabulary("red")), "crimson") ==
          "never seen in training: 'crimson' (an unknown word; it is left out)");
}

TEST_CASE("a vocabulary is the same when it is stored") {
    const vocabulary of("Moving left: a red T-shirt, moving left");
    CHECK(of.text() == "a left moving red shirt t");
    CHECK(vocabulary(of.text()) == of);
    CHECK(vocabulary("").empty());
}

TEST_CASE("weights and texts belong together") {
    const temporary_folder folder;
    const auto path = folder.path / "weights.safetensors";
    const auto save = [&](const std::map<std::string, std::string>& metadata) {
        safetensors_writer file;
        for (const auto& [key, value] : metadata) file.metadata(key, value);
        file.save(path);
    };
    const word_vectors hashes(6, 2), meaning(small(), 6, 2), other(word_table({"red"}, 2, {1, 0}), 6, 2);
    save(text_metadata(meaning, vocabulary("a red")));
    CHECK(text_encoder_of(path, meaning).never_seen("a blue red").size() == 1);
    CHECK_THROWS_WITH(text_encoder_of(path, hashes),
                      Contains("was trained with texts of word_vectors(6, 2) of the table ") &&
                          Contains("; these are of word_vectors(6, 2) of hashed words"));
    CHECK_THROWS_AS(text_encoder_of(path, other), error);
    save({});
    CHECK(text_encoder_of(path, hashes).never_seen("blue").empty());
    CHECK_THROWS_AS(text_encoder_of(path, meaning), error);
    save(text_metadata(hashes, vocabulary("a red")));
    CHECK_NOTHROW(text_encoder_of(path, hashes));
}

TEST_CASE("the shipped table knows what training used, and the shipped denoiser is of it") {
    const word_table table = read_word_table("examples/weights/words.safetensors");
    CHECK(table.size() == 20000);
    for (const char* word : {"red", "crimson", "handbag", "jumper", "leftwards", "westbound", "drifting"})
        CHECK(table.find(word));
    const vocabulary colours("red yellow green cyan blue purple");
    CHECK(table.nearest("crimson", colours)->word == "red");
    CHECK(table.nearest("violet", colours)->word == "purple");
    const word_vectors text = text_encoder_of("examples/weights/denoiser.safetensors", word_vectors(table, 64, 8));
    CHECK(text.never_seen("a red sneaker moving left").empty());
    CHECK(text.never_seen("a crimson shoe").size() == 2);
}
