#include "../catch.hpp"
#include "idx_files.hpp"

#include <walt/data/fashion_mnist.hpp>

#include <array>

#include <stdlib.h>

namespace {
using Catch::Matchers::Contains;
}

TEST_CASE("the folder of Fashion-MNIST is the argument, else the environment's, and its absence names the package") {
    const temporary_folder folder, other;
    const char* const before = getenv("WALT_FASHION_MNIST");
    const std::string kept = before ? before : "";
    setenv("WALT_FASHION_MNIST", other.path.c_str(), 1);
    CHECK(walt::fashion_mnist_folder() == other.path);
    CHECK(walt::fashion_mnist_folder(folder.path) == folder.path);
    setenv("WALT_FASHION_MNIST", (other.path / "none").c_str(), 1);
    CHECK_THROWS_WITH(walt::fashion_mnist_folder(),
                      Contains("apt-get install dataset-fashion-mnist") && Contains("none"));
    CHECK_THROWS_WITH(walt::fashion_mnist_folder(std::string(300, 'a')), Contains("is not in 'aaa"));
    if (before) setenv("WALT_FASHION_MNIST", kept.c_str(), 1);
    else unsetenv("WALT_FASHION_MNIST");
}

TEST_CASE("pictures and labels that do not belong together are refused") {
    const temporary_folder folder;
    const auto read = [&] { return walt::read_fashion_mnist(walt::fashion_part::test, folder.path); };
    CHECK_THROWS_WITH(read(), Contains("t10k-images-idx3-ubyte.gz"));
    write_small_fashion_mnist(folder);
    CHECK(read().count() == 30);
    write_gzip(folder, "t10k-labels-idx1-ubyte.gz", idx_header(8, {29}) + std::string(29, '\1'));
    CHECK_THROWS_WITH(read(), Contains("30 pictures") && Contains("29 labels"));
    write_gzip(folder, "t10k-labels-idx1-ubyte.gz", idx_header(8, {30}) + std::string(30, '\xa'));
    CHECK_THROWS_WITH(read(), Contains("label 10"));
    write_gzip(folder, "t10k-images-idx3-ubyte.gz", idx_header(8, {30, 28, 27}) + std::string(30 * 28 * 27, '\1'));
    CHECK_THROWS_WITH(read(), Contains("28 x 27"));
}

TEST_CASE("the real Fashion-MNIST has 60000 + 10000 pictures, as many of each kind") {
    try {
        walt::fashion_mnist_folder();
    } catch (const walt::error& absent) {
        WARN("NOT CHECKED with the real pictures: " << absent.what());
        return;
    }
    for (const auto part : {walt::fashion_part::train, walt::fashion_part::test}) {
        const walt::fashion_mnist real = walt::read_fashion_mnist(part);
        const std::int64_t count = part == walt::fashion_part::train ? 60000 : 10000;
        CHECK(real.count() == count);
        CHECK(real.grey.size() == static_cast<std::size_t>(count) * 28 * 28);
        std::array<std::int64_t, 10> of_kind{};
        for (const std::uint8_t kind : real.item) ++of_kind[kind];
        for (const std::int64_t number : of_kind) CHECK(number == count / 10);
    }
}
