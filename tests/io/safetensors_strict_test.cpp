// What safetensors must refuse beyond the obvious: hostile headers, narrowing, names that are no text; and the bytes
// written.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/safetensors_writer.hpp>

namespace {

using walt::safetensors_file, walt::safetensors_writer;

std::string text_of(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = walt::read_file(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string with_length(std::uint64_t length, const std::string& rest) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
    return bytes + rest;
}
void refused(const temporary_folder& folder, const std::string& header, std::size_t data, const std::string& why) {
    INFO(header.substr(0, 200));
    CHECK_THROWS_WITH(safetensors_file(folder.write("f", with_length(header.size(), header + std::string(data, 'x')))),
                      Catch::Contains((folder.path / "f").string()) && Catch::Contains(why));
}
/// A file of four tensors and two words of metadata.
std::string sample(const temporary_folder& folder) {
    const std::vector<float> a{1, -2.5f, 3, 4, 5, 6};
    const std::vector<std::int64_t> b{1'000'000'000'000};
    const std::vector<std::uint8_t> c{7, 8, 9};
    const std::vector<double> none;
    safetensors_writer writer;
    writer.metadata("who", "walt \"x\"");
    writer.metadata("also", "\xC3\xA9");
    writer.add<float>("zeta", {2, 3}, a);
    writer.add<std::int64_t>("alpha", {}, b);
    writer.add<double>("none", {4, 0}, none);
    writer.add("half", "F16", {1, 1}, std::as_bytes(std::span(c)).first(2));
    writer.save(folder.path / "sample");
    return text_of(folder.path / "sample");
}

} // namespace

TEST_CASE("the bytes of a file are these") {
    const temporary_folder folder;
    const std::string header =
        R"({"__metadata__":{"also":"é","who":"walt \"x\""},"zeta":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
        R"("alpha":{"dtype":"I64","shape":[],"data_offsets":[24,32]},"none":{"dtype":"F64","shape":[4,0],"data_offsets":[32,32]},)"
        R"("half":{"dtype":"F16","shape":[1,1],"data_offsets":[32,34]}})";
    const std::string bytes = sample(folder);
    const std::size_t padded = (header.size() + 7) / 8 * 8;
    CHECK(bytes.substr(0, 8) == with_length(padded, ""));
    CHECK(bytes.substr(8, padded) == header + std::string(padded - header.size(), ' '));
    CHECK(bytes.substr(8 + padded, 8) == std::string("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8)); // 1, -2.5
    CHECK(bytes.substr(8 + padded + 32) == "\x07\x08");
    CHECK(bytes == sample(folder));
}

TEST_CASE("what was written is read") {
    const temporary_folder folder;
    sample(folder);
    safetensors_file first(folder.path / "sample");
    const safetensors_file file(std::move(first)); // is read after a move, too
    CHECK(file.names() == std::vector<std::string>{"alpha", "half", "none", "zeta"});
    CHECK((file.contains("half") && !file.contains("zet")));
    CHECK(file.metadata() == std::map<std::string, std::string>{{"also", "\xC3\xA9"}, {"who", "walt \"x\""}});
    CHECK(file.tensor("half").dtype == "F16");
    CHECK(file.bytes("half")[1] == std::byte{8});
    CHECK(file.read<walt::bf16>("zeta", std::vector<std::int64_t>{2, 3})[1] == -2.5f);
    CHECK(file.read<std::int64_t>("alpha", std::vector<std::int64_t>{}) ==
          std::vector<std::int64_t>{1'000'000'000'000});
    CHECK(file.read<float>("none", std::vector<std::int64_t>{4, 0}).empty());
    CHECK_THROWS_WITH(file.read<float>("alpha"),
                      Catch::Contains("alpha has elements of type I64; F32, F64, BF16 or F16"));
    CHECK_THROWS_WITH(file.read<std::int32_t>("alpha"),
                      Catch::Contains("element 0 of tensor alpha is 1000000000000, which does not fit"));
    CHECK_THROWS_WITH(file.read<std::uint8_t>("zeta"), Catch::Contains("type F32; I64, I32 or U8"));
    STATIC_REQUIRE(!std::is_copy_constructible_v<safetensors_file>);
}

TEST_CASE("a vector that is given away lives until it is written") {
    const temporary_folder folder;
    safetensors_writer writer;
    std::vector<float> given(1000, 3.0f);
    writer.add<float>("given", {1000}, std::move(given));
    writer.add("made", {2}, std::vector<double>{1, 2});
    CHECK_THROWS_WITH(writer.add("short", {3}, std::vector<double>{1, 2}),
                      Catch::Contains("has 3 elements; 2 were given"));
    const std::vector<float> others(1000, 4.0f); // where the first ones might have been
    writer.save(folder.path / "given.safetensors");
    const safetensors_file file(folder.path / "given.safetensors");
    CHECK(file.read<float>("given") == std::vector<float>(1000, 3.0f));
    CHECK(file.read<double>("made") == std::vector<double>{1, 2});
}

TEST_CASE("integers convert where they fit") {
    const temporary_folder folder;
    const std::vector<std::int32_t> fits{0, 255}, negative{3, -1};
    safetensors_writer writer;
    writer.add<std::int32_t>("fits", {2}, fits);
    writer.add<std::int32_t>("negative", {2}, negative);
    writer.save(folder.path / "f");
    const safetensors_file file(folder.path / "f");
    CHECK(file.read<std::uint8_t>("fits") == std::vector<std::uint8_t>{0, 255});
    CHECK(file.read<std::int64_t>("negative") == std::vector<std::int64_t>{3, -1});
    CHECK_THROWS_WITH(file.read<std::uint8_t>("negative"), Catch::Contains("element 1 of tensor negative is -1"));
}

TEST_CASE("what cannot be a tensor is not taken") {
    const std::vector<float> one{1};
    safetensors_writer writer;
    CHECK_THROWS_WITH(writer.add<float>("a", {-1, -1}, one), Catch::Contains("cannot have shape [-1, -1]"));
    CHECK_THROWS_WITH(writer.add<float>("a", {std::int64_t{1} << 40, std::int64_t{1} << 40}, one),
                      Catch::Contains("cannot have shape"));
    CHECK_THROWS_WITH(writer.add<float>("__metadata__", {1}, one), Catch::Contains("__metadata__"));
    CHECK_THROWS_WITH(writer.add("a", "Q4", {1}, std::as_bytes(std::span(one))), Catch::Contains("type Q4"));
    const temporary_folder folder;
    const auto path = folder.write("kept", "old");
    writer.add<float>("not \xFF text", {1}, one);
    CHECK_THROWS_AS(writer.save(path), walt::error);
    safetensors_writer twice;
    twice.add<float>("a", {1}, one);
    twice.add<float>("a", {1}, one);
    CHECK_THROWS_WITH(twice.save(path), Catch::Contains("two tensors named a"));
    CHECK(text_of(path) == "old");
}

TEST_CASE("what is written can be read: a header that is too large for that is refused") {
    const temporary_folder folder;
    const auto path = folder.write("a", "old");
    const auto with = [&](std::string value) {
        safetensors_writer file;
        file.metadata("k", std::move(value));
        return file;
    };
    constexpr std::size_t around = std::string_view(R"({"__metadata__":{"k":""}})").size();
    constexpr std::size_t most = safetensors_file::longest_header - around;
    CHECK_THROWS_WITH(with(std::string(most + 1, 'a')).save(path),
                      path.string() +
                          " cannot be written: its header is JSON of 16777217 bytes; more than 16777216 are not read");
    CHECK_THROWS_WITH(with(std::string(999'999, '[')).save(path),
                      path.string() + " cannot be written: its header is JSON of 1000001 lists and objects; more than "
                                      "1000000 are not read");
    CHECK(text_of(path) == "old");
    with(std::string(most, 'a')).save(path);
    CHECK(safetensors_file(path).metadata().at("k").size() == most);
    with(std::string(999'998, '[')).save(path);
    CHECK(safetensors_file(path).metadata().at("k").size() == 999'998);
}

TEST_CASE("hostile headers are refused with a sentence") {
    const temporary_folder folder;
    const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    refused(folder, " {" + a + "}", 8, "does not begin with {");
    refused(folder, "", 0, "does not begin with {");
    refused(folder, "{" + a + "} x", 8, "not valid JSON");
    refused(folder, "{\"a\xFF\":1}", 0, "not valid JSON");
    refused(folder, R"({"a":7})", 0, "tensor a is not described by exactly");
    refused(folder, R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})", 8,
            "not described by exactly");
    refused(folder, R"({"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}})", 8, "names shape twice");
    refused(folder, R"({"a":{"dtype":5,"shape":[2],"data_offsets":[0,8]}})", 8, "unknown dtype, 5");
    refused(folder, R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8,
            "no list of natural numbers: [2.0]");
    refused(folder, R"({"a":{"dtype":"F32","shape":{"x":2},"data_offsets":[0,8]}})", 8, "no list of natural numbers");
    refused(folder, R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]}})", 8,
            "too big integer near '18446744073709551615'");
    refused(folder, R"({"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}})", 8,
            "too big integer near '18446744073709551616'");
    refused(folder, R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0,
            "too large to count");
    refused(folder, R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}})", 8,
            "no pair of natural numbers: [0,8,16]");
    refused(folder, R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}})", 8, "no pair of natural numbers");
    refused(folder, R"({"a":{"dtype":"F32","shape":[],"data_offsets":[0,8]}})", 8, "needs 4 bytes and has 8");
    refused(folder, "{" + a + R"(,"b":{"dtype":"U8","shape":[0],"data_offsets":[3,3]}})", 8,
            "tensor b shares its bytes: it begins at byte 3");
    refused(folder, "{" + a + R"(,"b":{"dtype":"U8","shape":[2],"data_offsets":[9,11]}})", 11,
            "bytes 8 to 9, before tensor b, belong to no tensor");
    refused(folder, R"({"__metadata__":[]})", 0, "__metadata__ is not a JSON object");
    refused(folder, R"({"__metadata__":{"k":"v","k":"w"}})", 0, "names k twice");
    refused(folder, "{\"a\":" + std::string(900'000, '['), 0, "nests deeper");
    std::string many = "{\"a\":[";
    for (int i = 0; i < 1'100'000; ++i) many += "[],";
    refused(folder, many + "1]}", 0, "lists and objects; more than 1000000 are not read");
    refused(folder, "{\"" + std::string(std::size_t{1} << 24, 'n') + "\":1}", 0, "16777216 are allowed");
    refused(folder, "{\"" + std::string(1'000'000, 'n') + "\":1}", 0, "nnn...");
    CHECK_THROWS_WITH(safetensors_file(folder.write("f", "1234567")), Catch::Contains("has 7 bytes"));
    CHECK_THROWS_WITH(safetensors_file(folder.write("f", with_length(100'000'001, "{}"))),
                      Catch::Contains("header of 100000001"));
    CHECK_THROWS_WITH(safetensors_file(folder.path), Catch::Contains("a folder"));
}

TEST_CASE("a file cut anywhere is refused") {
    const temporary_folder folder;
    const std::string whole = sample(folder);
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_THROWS_AS(safetensors_file(folder.write("f", whole.substr(0, size))), walt::error);
    CHECK_THROWS_WITH(safetensors_file(folder.write("f", whole + "x")),
                      Catch::Contains("35 bytes of tensors, but its header accounts for 34"));
}

TEST_CASE("whatever bytes are changed, a file loads or is refused, and what loads can be read") {
    const temporary_folder folder;
    const std::string whole = sample(folder);
    const walt::philox numbers{11, 3};
    std::uint64_t draw = 0;
    const auto below = [&](std::size_t count) { return numbers.below(draw++, static_cast<std::uint32_t>(count)); };
    int loaded = 0, refusals = 0;
    for (int n = 0; n < 2000; ++n) {
        std::string bytes = whole;
        for (std::uint32_t i = below(3) + 1; i > 0; --i) {
            const std::uint32_t at = below(bytes.size());
            switch (below(4)) {
            case 0: bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8)); break;
            case 1: bytes[at] = "0123456789[]{}\",:-eF"[below(20)]; break;
            case 2: bytes.erase(at, below(9)); break;
            default: bytes.insert(at, bytes.substr(below(bytes.size()), below(9))); break;
            }
            if (bytes.empty()) bytes = " ";
        }
        if (below(2) && bytes.size() >= 8) { // keep the length right, so that the header is reached
            const auto brace = bytes.rfind('}');
            if (brace != std::string::npos && brace >= 8) bytes = with_length(brace - 7, bytes.substr(8));
        }
        try {
            const safetensors_file file(folder.write("f", bytes));
            for (const std::string& name : file.names()) {
                std::uint64_t size = 0;
                REQUIRE(walt::detail::tensor_size(file.tensor(name).dtype, file.tensor(name).shape, size));
                REQUIRE(size == file.tensor(name).bytes);
                if (file.tensor(name).dtype == "F32") CHECK(file.read<double>(name).size() == size / 4);
            }
            ++loaded;
        } catch (const walt::error&) {
            ++refusals;
        }
    }
    CHECK(loaded > 50); // flipped data bytes, mostly
    CHECK(refusals > 1000);
}
