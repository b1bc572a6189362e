// safetensors: round trips, the golden files, and hostile bytes, which are refused and never crash.
#include "catch.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/safetensors_writer.hpp>

#include <fstream>
#include <numeric>

using namespace walt;

namespace {

std::filesystem::path file_name(const std::string& name) {
    return std::filesystem::temp_directory_path() / ("walt_safetensors_" + name);
}

/// A file of this header and so many data bytes.
std::filesystem::path raw(const std::string& header, std::size_t data, std::uint64_t announced = ~std::uint64_t{0}) {
    std::string bytes(8, '\0');
    const std::uint64_t length = announced == ~std::uint64_t{0} ? header.size() : announced;
    for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i));
    write_atomically(file_name("raw"), bytes + header + std::string(data, 'x'));
    return file_name("raw");
}

} // namespace

TEST_CASE("tensors and metadata come back") {
    const std::vector<float> a{1, 2, 3, 4, 5, 6};
    const std::vector<bf16> b{bf16(1.5f)};
    const std::vector<std::uint8_t> none;
    safetensors_writer writer;
    writer.metadata("who", "walt");
    writer.add<float>("a", {2, 3}, a);
    writer.add<bf16>("b", {}, b);
    writer.add<std::uint8_t>("empty", {0, 7}, none);
    writer.save(file_name("round"));
    const safetensors_file file(file_name("round"));
    CHECK(file.metadata().at("who") == "walt");
    CHECK(file.read<double>("a", std::vector<std::int64_t>{2, 3}) == std::vector<double>{1, 2, 3, 4, 5, 6});
    CHECK(file.read<float>("b") == std::vector<float>{1.5f});
    CHECK(file.tensor("empty").bytes == 0);
    CHECK_THROWS_WITH(file.read<float>("a", std::vector<std::int64_t>{3, 2}),
                      Catch::Contains("[3, 2]") && Catch::Contains("[2, 3]"));
    CHECK_THROWS_WITH(file.read<std::int32_t>("a"), Catch::Contains("type F32"));
    CHECK_THROWS_WITH(file.tensor("c"), Catch::Contains("no tensor c"));
    CHECK_THROWS_WITH(writer.add<float>("d", {7}, a), Catch::Contains("7 elements; 6 were given"));
}

TEST_CASE("golden files are read") {
    const safetensors_file file(std::string(WALT_TEST_DATA) + "/golden/denoiser_class.safetensors");
    CHECK(file.tensor("param.pos_time").shape == std::vector<std::int64_t>{3, 24});
}

TEST_CASE("every way to be wrong has its sentence") {
    const auto refused = [](const std::filesystem::path& path, const std::string& why) {
        CHECK_THROWS_WITH(safetensors_file(path), Catch::Contains(why));
    };
    const std::string good = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    CHECK_NOTHROW(safetensors_file(raw("{" + good + "}", 8)));
    refused(raw("{" + good + "}", 8, 1'000'000), "announces a header of 1000000 bytes");
    refused(raw("{" + good + "}", 8, std::uint64_t{1} << 63), "announces a header");
    refused(raw("{" + good + "}", 12), "12 bytes of tensors");
    refused(raw("{" + good + "}", 4), "lies at bytes 0 to 8 of the 4");
    refused(raw("[1]", 0), "not a JSON object");
    refused(raw("{", 0), "not valid JSON");
    refused(raw("{" + good + "," + good + "}", 8), "twice");
    refused(raw(R"({"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}})", 8), "unknown dtype");
    refused(raw(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", 8), "no list of natural numbers");
    refused(raw(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), "needs 12 bytes and has 8");
    refused(raw(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4611686018427387904],"data_offsets":[0,8]}})", 8),
            "too large");
    refused(raw(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), "lies at bytes 8 to 0");
    refused(
        raw(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
            12),
        "inside the one before");
    refused(
        raw(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
            8),
        "shares its bytes");
    refused(raw(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12), "belong to no tensor");
    refused(raw(R"({"__metadata__":{"k":1}})", 0), "not a string");
    refused(raw(R"({"a":)" + std::string(50, '[') + std::string(50, ']') + "}", 0), "nests deeper");
}

TEST_CASE("bytes that were flipped at random load or throw, and nothing else") {
    const std::vector<float> a{1, 2, 3, 4};
    safetensors_writer writer;
    writer.metadata("k", "v");
    writer.add<float>("first", {2, 2}, a);
    writer.add<float>("second", {4}, a);
    writer.save(file_name("mutant"));
    std::ifstream in(file_name("mutant"), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    int refused = 0;
    const philox numbers{5, 5};
    for (std::uint64_t n = 0; n < 1500; ++n) {
        std::string bytes = whole;
        for (std::uint64_t i = 0; i < 1 + n % 3; ++i)
            bytes[numbers.below(8 * n + i, static_cast<std::uint32_t>(bytes.size()))] =
                static_cast<char>(numbers.bits(8 * n + 4 + i));
        std::ofstream(file_name("mutant"), std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        try {
            const safetensors_file file(file_name("mutant"));
        } catch (const error&) {
            ++refused;
        }
    }
    CHECK(refused > 500);
}

TEST_CASE("a failed save leaves the old file") {
    const auto folder = file_name("folder");
    std::filesystem::create_directories(folder);
    write_atomically(folder / "kept", "old");
    {
        atomic_file interrupted(folder / "kept");
        interrupted.write("new");
    }
    std::ifstream in(folder / "kept");
    CHECK(std::string((std::istreambuf_iterator<char>(in)), {}) == "old");
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
}

TEST_CASE("half floats are read, every one of them") {
    std::vector<std::uint16_t> all(65536);
    std::iota(all.begin(), all.end(), std::uint16_t{0});
    safetensors_writer writer;
    writer.add("all", "F16", {65536}, std::as_bytes(std::span(all)));
    writer.save(file_name("half"));
    const auto values = safetensors_file(file_name("half")).read<float>("all");
    for (std::size_t i = 0; i < values.size(); ++i) { // the definition
        const int exponent = static_cast<int>(i >> 10 & 31), mantissa = static_cast<int>(i & 1023);
        const double size = exponent == 0 ? mantissa * std::exp2(-24) : (1024 + mantissa) * std::exp2(exponent - 25);
        if (exponent == 31 && mantissa != 0) REQUIRE(std::isnan(values[i]));
        else REQUIRE(std::abs(values[i]) == (exponent == 31 ? INFINITY : static_cast<float>(size)));
        REQUIRE(std::signbit(values[i]) == (i >= 32768));
    }
}

TEST_CASE("a tensor may be made while it is written, piece by piece, and be read so") {
    std::vector<float> numbers(200'000);
    std::iota(numbers.begin(), numbers.end(), -7.0f);
    safetensors_writer at_once, piecewise, short_of_one;
    at_once.add<float>("n", {200, 1000}, numbers);
    at_once.save(file_name("at_once"));
    const auto pieces = [&](std::size_t count) {
        return [&, count](const safetensors_writer::write& write) {
            for (std::size_t i = 0; i < count; i += 1000)
                write(std::as_bytes(std::span(numbers).subspan(i, std::min<std::size_t>(1000, count - i))));
        };
    };
    piecewise.add("n", "F32", {200, 1000}, pieces(200'000));
    piecewise.save(file_name("pieces"));
    CHECK(read_file(file_name("pieces")) == read_file(file_name("at_once")));

    short_of_one.add("n", "F32", {200, 1000}, pieces(199'999));
    CHECK_THROWS_WITH(short_of_one.save(file_name("pieces")),
                      Catch::Contains("tensor n of shape [200, 1000] has 800000 bytes; 799996 were written"));
    CHECK(read_file(file_name("pieces")) == read_file(file_name("at_once"))); // whole or not at all

    const safetensors_file file(file_name("pieces"));
    std::vector<double> some(150'000);
    file.read_into("n", std::span(some), 50'000);
    CHECK(some.front() == 49'993);
    CHECK(some.back() == 199'992);
    CHECK_THROWS_WITH(file.read_into("n", std::span(some), 50'001), Catch::Contains("150000 from element 50001"));
    std::filesystem::resize_file(file_name("pieces"), 1000); // behind its back
    CHECK_THROWS_WITH(file.read<float>("n"), Catch::Contains("was cut to 1000 bytes, of"));
}
