// Statistics in files: what comes back, what is refused, what is merged.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"

#include <walt/core/philox.hpp>
#include <walt/io/file_hash.hpp>
#include <walt/measures/frechet.hpp>
#include <walt/measures/saved_statistics.hpp>

#include <fstream>

using namespace walt;

namespace {
const provenance where{.network = "item features",
                       .weights = "0123456789abcdef",
                       .resize = "none",
                       .frames = 17,
                       .clips = 5,
                       .seed = 18446744073709551615u,
                       .source = "moving fashion, test pictures"};

feature_statistics rows(std::uint64_t stream) {
    std::vector<double> made;
    for (std::uint64_t i = 0; i < 5 * 17 * 3; ++i) made.push_back(static_cast<double>(philox{1, stream}.normal(i)));
    feature_statistics of;
    of.add(made, 3);
    return of;
}
} // namespace

TEST_CASE("saved statistics come back with their provenance, and are measured once", "[measures]") {
    const temporary_folder folder;
    const auto path = folder.path / "new" / "real.safetensors";
    int measured = 0;
    const auto measure = [&] { return ++measured, rows(1); };
    const known_statistics first = reused_statistics(path, where, measure),
                           again = reused_statistics(path, where, measure);
    CHECK(measured == 1);
    CHECK(again.from == where);
    CHECK(again.features.count() == 5 * 17);
    CHECK(again.features.mean() == first.features.mean());
    CHECK(frechet_distance(again.features, rows(2)) == Approx(frechet_distance(rows(1), rows(2))).epsilon(1e-9));
}

TEST_CASE("a file of another provenance is refused with both values", "[measures]") {
    const temporary_folder folder;
    const auto path = folder.path / "real.safetensors";
    save_statistics(path, {where, rows(1)});
    const auto says = [&](provenance wanted, const std::string& sentence) {
        CHECK_THROWS_WITH(reused_statistics(path, wanted, [] { return rows(1); }),
                          Catch::Equals(path.string() + sentence));
    };
    provenance other = where;
    other.weights = "fedcba9876543210";
    says(other, " has weights '0123456789abcdef', where 'fedcba9876543210' was asked for");
    other = where, other.network = "AlexNet";
    says(other, " has network 'item features', where 'AlexNet' was asked for");
    other = where, other.resize = "64 x 64";
    says(other, " has resize 'none', where '64 x 64' was asked for");
    other = where, other.frames = 16;
    says(other, " has frames '17', where '16' was asked for");
    other = where, other.clips = 6;
    says(other, " has clips '5', where '6' was asked for");
    other = where, other.seed = 1;
    says(other, " has seed '18446744073709551615', where '1' was asked for");
    other = where, other.source = "UCF-101";
    says(other, " has source 'moving fashion, test pictures', where 'UCF-101' was asked for");

    std::ofstream(folder.path / "none.safetensors") << std::string("\x02\0\0\0\0\0\0\0{}", 10);
    CHECK_THROWS_WITH(load_statistics(folder.path / "none.safetensors"),
                      Catch::Contains("has no metadata walt.network"));
}

TEST_CASE("statistics of one network merge, of two do not", "[measures]") {
    known_statistics all{where, rows(1)};
    provenance more = where;
    more.clips = 7, more.seed = 3;
    all.add({more, rows(2)});
    CHECK(all.from.clips == 12);
    CHECK(all.from.source == "moving fashion, test pictures and moving fashion, test pictures (seed 3)");
    CHECK(all.features.count() == 2 * 5 * 17);
    more.frames = 16;
    CHECK_THROWS_WITH(all.add({more, rows(2)}), Catch::Contains("has frames '16', where '17' was asked for"));
    CHECK(all.from.clips == 12);
}

TEST_CASE("a file's hash tells one byte", "[measures]") {
    const temporary_folder folder;
    std::ofstream(folder.path / "a") << "foobar";
    std::ofstream(folder.path / "b") << "foobas";
    std::ofstream(folder.path / "large") << std::string((1u << 20) + 5, 'x');
    CHECK(file_hash(folder.path / "a") == "85944171f73967e8"); // FNV's own vector
    CHECK(file_hash(folder.path / "b") != file_hash(folder.path / "a"));
    std::uint64_t whole = 0xcbf29ce484222325u;
    for (unsigned i = 0; i < (1u << 20) + 5; ++i) whole = (whole ^ std::uint64_t{'x'}) * 0x100000001b3u;
    CHECK(file_hash(folder.path / "large") == fmt::format("{:016x}", whole));
    CHECK_THROWS_WITH(file_hash(folder.path / "c"), Catch::Contains("no such file"));
}
