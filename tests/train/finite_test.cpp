// What is not finite, or was made otherwise: states and weights refuse it by the tensor's name.
#include "../catch.hpp"
#include "../datasets/temporary_folder.hpp"
#include "../watched_stderr.hpp"
#include "regression.hpp"

#include <walt/io/weights.hpp>
#include <walt/ops/reference/adafactor.hpp>
#include <walt/ops/reference/optimizer.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/reference.hpp>
#include <walt/train/adafactor.hpp>
#include <walt/train/early_stop.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/state.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

using namespace walt;
using namespace walt::testing;

namespace {
constexpr float no_number = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

/// Element 1 of a tensor of float in a file becomes another.
void put(const std::filesystem::path& path, const std::string& name, float value) {
    std::uint64_t header = 0;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.read(reinterpret_cast<char*>(&header), sizeof header);
    const std::uint64_t begin = safetensors_file(path).tensor(name).begin;
    file.seekp(static_cast<std::streamoff>(8 + header + begin + sizeof value));
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
}
} // namespace

TEST_CASE("a state with a number that is not finite, or a negative square, is refused and nothing changes") {
    reference::context ctx;
    const temporary_folder folder;
    const auto path = folder.path / "state.safetensors";
    const auto refused = [&](auto by, const std::string& tensor, float value, const char* why) {
        regressor<reference::context, float> m(ctx, seed{5});
        trainer t(m, squared_error{}, by);
        ema average(m);
        t.step([](std::int64_t n) { return rows_of(n); });
        save_state(path, t, average);
        put(path, tensor, value);
        const auto before = m.host_masters();
        CHECK_THROWS_WITH(load_state(path, t, average),
                          Catch::Contains("element 1 of tensor " + tensor + " is") && Catch::Contains(why));
        CHECK(m.host_masters() == before);
        CHECK(t.step_count() == 1);
    };
    refused(adamw{}, "masters", no_number, "a finite number is needed");
    refused(adamw{}, "average", infinity, "a finite number is needed");
    refused(adamw{}, "first_moment", -infinity, "a finite number is needed");
    refused(adamw{}, "second_moment", no_number, "a finite number of 0 or more is needed");
    refused(adamw{}, "second_moment", -1, "a finite number of 0 or more is needed");
    refused(adafactor{.factor_from = 2}, "second_moment_of_rows", -1, "a finite number of 0 or more is needed");
}

TEST_CASE("weights that are not finite are refused by tensor, and the model stays as it was") {
    reference::context ctx;
    const temporary_folder folder;
    const auto path = folder.path / "weights.safetensors";
    regressor<reference::context, float> m(ctx, seed{5}), n(ctx, seed{6});
    save_weights<float>(path, n);
    put(path, "bias", no_number); // the second tensor: the first could have been set
    const auto before = m.host_masters();
    CHECK_THROWS_WITH(load_weights(path, m), Catch::Contains("element 1 of tensor bias is nan"));
    CHECK(m.host_masters() == before);
}

TEST_CASE("a run goes on in the compute type it had, and other options are let through") {
    reference::context ctx;
    const temporary_folder folder;
    const auto path = folder.path / "state.safetensors";
    regressor<reference::context, float> m(ctx, seed{5});
    trainer t(m, squared_error{}, adamw{});
    t.step([](std::int64_t n) { return rows_of(n); });
    save_state(path, t);
    CHECK(safetensors_file(path).metadata().at("walt.options").find("adamw::learning_rate 0.0005\n") !=
          std::string::npos);
    regressor<reference::context, bf16> other(ctx, seed{5});
    trainer of_other(other, squared_error{}, adamw{});
    CHECK_THROWS_WITH(load_state(path, of_other), Catch::Contains("walt.compute F32; this run has BF16"));
    trainer faster(m, squared_error{}, adamw{.learning_rate = 1});
    CHECK_NOTHROW(load_state(path, faster)); // and said on stderr
    CHECK(faster.step_count() == 1);
}

TEST_CASE("a run that goes on with other options says each of them, the observers' too") {
    reference::context ctx;
    const temporary_folder folder;
    const auto path = folder.path / "state.safetensors";
    regressor<reference::context, float> m(ctx, seed{5});
    const auto said_of = [&](adafactor by, averaging slow, averaging fast, patience how) {
        trainer t(m, squared_error{}, by);
        ema one(m, slow), two(m, fast);
        early_stop waits(how);
        if (!std::filesystem::exists(path)) save_state(path, t, one, two, waits);
        watched_stderr watched(false);
        load_state(path, t, one, two, waits);
        return watched.text();
    };
    const averaging slow{.decay = 0.875f}, fast{.decay = 0.5f, .name = "fast"};
    CHECK(said_of({}, slow, fast, {}).empty());
    CHECK(said_of({}, slow, fast, {}).empty()); // and nothing where nothing differs
    const std::string said =
        said_of({.scale_by_parameter = false}, slow, {.decay = 0.25f, .name = "fast"}, {.windows = 77});
    CHECK(said.find("adafactor::scale_by_parameter true; it goes on with false\n") != said.npos);
    CHECK(said.find("averaging::decay of fast 0.5; it goes on with 0.25\n") != said.npos);
    CHECK(said.find("patience::windows") != said.npos);
    CHECK(std::count(said.begin(), said.end(), '\n') == 3);
}
