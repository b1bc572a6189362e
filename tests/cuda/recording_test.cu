// What a context keeps of recorded work: by what it is known, when it goes, and that nothing stale is replayed.
#include "../catch.hpp"

#include <walt/core/recorded.hpp>
#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/recording.cuh>

namespace tests {
using namespace walt;

namespace {

std::vector<float> read(walt::cuda::context& ctx, view<const float, dynamic> x) {
    std::vector<float> host(static_cast<std::size_t>(x.size()));
    ctx.download(host.data(), x.data(), host.size() * sizeof(float));
    return host;
}

/// y = number, through `taken` numbers of the arena.
constexpr auto fill_through_arena = [](walt::cuda::context& ctx, view<float, dynamic> y, double number,
                                       std::int64_t taken, int* calls) {
    ++*calls;
    const arena::scope scope(ctx.arena);
    const auto x = ctx.arena.take<float, dynamic>(taken);
    ops::fill(ctx, x, number);
    ops::convert(ctx, x.slice(0, y.size()).read(), y);
};

} // namespace

TEST_CASE("cuda: work runs, is recorded, and is replayed from then on", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> y(ctx, 8);
    int calls = 0;
    for (int time = 0; time < 6; ++time) {
        ops::fill(ctx, y.all(), -1);
        record_work(ctx, true, fill_through_arena, y.all(), 3.0, 100, &calls);
        CHECK(read(ctx, y.all().read()) == std::vector<float>(8, 3.0f));
    }
    CHECK(calls == 2);
    record_work(ctx, true, fill_through_arena, y.all(), 4.0, 100, &calls); // another number: other work
    CHECK(read(ctx, y.all().read()) == std::vector<float>(8, 4.0f));
    CHECK(calls == 3);
}

TEST_CASE("cuda: a record is of one precision", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> x(ctx, 64), w(ctx, 64), y(ctx, 64);
    std::vector<float> numbers(64);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 1 + static_cast<float>(i) / 1021;
    ctx.upload(x.data(), numbers.data(), 256);
    ctx.upload(w.data(), numbers.data(), 256);
    const auto product = [](walt::cuda::context& on, view<const float, 8, 8> a, view<const float, 8, 8> b,
                            view<float, 8, 8> c) { ops::linear(on, a, b, none{}, c); };
    const auto result = [&](bool record) {
        record_work(ctx, record, product, view<const float, 8, 8>(x.data()), view<const float, 8, 8>(w.data()),
                    view<float, 8, 8>(y.data()));
        return read(ctx, y.all().read());
    };
    std::vector<float> plain[2];
    for (const auto precision : {walt::cuda::math::float32, walt::cuda::math::tf32}) {
        ctx.precision = precision;
        plain[precision == walt::cuda::math::tf32] = result(false);
    }
    CHECK(plain[0] != plain[1]); // so that a record of the other precision would be seen
    for (int time = 0; time < 4; ++time)
        for (const auto precision : {walt::cuda::math::float32, walt::cuda::math::tf32}) {
            ctx.precision = precision;
            CHECK(result(true) == plain[precision == walt::cuda::math::tf32]);
        }
}

TEST_CASE("cuda: a first call that throws leaves its work usable", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> y(ctx, 8);
    int calls = 0;
    bool fails = true;
    const auto work = [](walt::cuda::context& on, view<float, dynamic> to, const bool* fail_now, int* count) {
        if (*fail_now) throw error("not now");
        fill_through_arena(on, to, 5.0, std::int64_t{1} << 20, count); // memory that a record cannot get
    };
    const bool* const fail_now = &fails;
    int* const count = &calls;
    for (int time = 0; time < 2; ++time)
        CHECK_THROWS_WITH(record_work(ctx, true, work, y.all(), fail_now, count), Catch::Contains("not now"));
    fails = false;
    for (int time = 0; time < 5; ++time) {
        ops::fill(ctx, y.all(), -1);
        record_work(ctx, true, work, y.all(), fail_now, count);
        CHECK(read(ctx, y.all().read()) == std::vector<float>(8, 5.0f));
    }
    CHECK(calls == 2);
}

TEST_CASE("cuda: work that fails while it is recorded runs again", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> y(ctx, 8);
    int calls = 0;
    const auto work = [](walt::cuda::context& on, view<float, dynamic> to, int* count) {
        if (++*count == 2) throw error("not now");
        ops::fill(on, to, *count);
    };
    int* const count = &calls;
    const auto once = [&] { record_work(ctx, true, work, y.all(), count); };
    once();
    CHECK_THROWS_WITH(once(), Catch::Contains("not now"));
    once(); // carried out
    CHECK(read(ctx, y.all().read()) == std::vector<float>(8, 3.0f));
    once(), once(), once(); // recorded with 4, and replayed
    CHECK(read(ctx, y.all().read()) == std::vector<float>(8, 4.0f));
    CHECK(calls == 4);
}

TEST_CASE("cuda: of many records those used last are kept, and all give what they should", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> y(ctx, 8);
    std::vector<int> calls(walt::cuda::context::most_records + 1);
    const auto once = [&](std::size_t which) {
        record_work(ctx, true, fill_through_arena, y.all(), static_cast<double>(which), 64, &calls[which]);
        CHECK(read(ctx, y.all().read()) == std::vector<float>(8, static_cast<float>(which)));
    };
    for (int time = 0; time < 3; ++time)
        for (std::size_t which = 0; which + 1 < calls.size(); ++which) once(which); // as many as are kept
    CHECK(calls == [&] {                                                            // each was carried out and recorded
        std::vector<int> expected(calls.size(), 2);
        return expected.back() = 0, expected;
    }());
    CHECK(ctx.records.size() == walt::cuda::context::most_records);
    once(0); // so that 1 is the one not used for the longest
    once(calls.size() - 1);
    CHECK(ctx.records.size() == walt::cuda::context::most_records);
    for (std::size_t which = 2; which + 1 < calls.size(); ++which) once(which);
    once(0);
    CHECK(std::count(calls.begin(), calls.end(), 2) == static_cast<std::ptrdiff_t>(calls.size()) - 1);
    CHECK(calls[1] == 2);
    once(1);
    CHECK(calls[1] == 3);
}

TEST_CASE("cuda: when the arena is renewed, what was recorded on the old one is not replayed", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> y(ctx, 8);
    int calls = 0;
    const auto once = [&](double number) {
        ops::fill(ctx, y.all(), -1);
        record_work(ctx, true, fill_through_arena, y.all(), number, 100, &calls);
        CHECK(read(ctx, y.all().read()) == std::vector<float>(8, static_cast<float>(number)));
    };
    for (int time = 0; time < 3; ++time) once(6);
    CHECK(calls == 2);
    const auto before = ctx.arena.place();
    {
        const arena::scope scope(ctx.arena); // two chunks, which become one when all is given back
        ctx.arena.take<float, dynamic>(std::int64_t{1} << 18);
        ctx.arena.take<float, dynamic>(std::int64_t{1} << 19);
    }
    CHECK(ctx.arena.place() != before);
    for (int time = 0; time < 3; ++time) once(6);
    CHECK(calls == 4);
    {
        const arena::scope scope(ctx.arena); // the same work from another place of the arena
        const auto mine = ctx.arena.take<float, dynamic>(100);
        ops::fill(ctx, mine, 7);
        for (int time = 0; time < 3; ++time) once(6);
        CHECK(read(ctx, mine.read()) == std::vector<float>(100, 7.0f));
    }
    CHECK(calls == 6);
}

TEST_CASE("cuda: work that records work is recorded as a whole", "[cuda][recording]") {
    walt::cuda::context ctx;
    const buffer<float> y(ctx, 8);
    int inner = 0, outer = 0;
    const auto work = [](walt::cuda::context& on, view<float, dynamic> to, int* outer_calls, int* inner_calls) {
        ++*outer_calls;
        record_work(on, true, fill_through_arena, to, 2.0, 64, inner_calls);
    };
    int *const outer_calls = &outer, *const inner_calls = &inner;
    for (int time = 0; time < 5; ++time) {
        ops::fill(ctx, y.all(), -1);
        record_work(ctx, true, work, y.all(), outer_calls, inner_calls);
        CHECK(read(ctx, y.all().read()) == std::vector<float>(8, 2.0f));
    }
    CHECK(outer == 2);
    CHECK(inner == 2);
}

} // namespace tests
