// What recorded work is known by: every number and address that it reads on the host, none left out.
#include "../catch.hpp"

#include <walt/core/recorded.hpp>
#include <walt/core/view.hpp>

#include <array>
#include <string>

using namespace walt;

namespace {

enum class colour { red, green };
struct pair_of_views {
    view<const float, dynamic, 3> first;
    view<float, 2> second;
};
struct many {
    int count = 0;
    float share = 0;
    bool twice = false;
    colour of{};
    pair_of_views views{};
    const void* place = nullptr;
    std::vector<int> levels{};
};
class secret {
  public:
    explicit secret(int number) : number_(number) {}
    void add_to(work_key& key) const { key.add(number_); }

  private:
    int number_;
};

/// A device that "records" by counting.
struct recorder {
    struct recording {
        struct impossible {};
        explicit recording(recorder& of, auto&& work) : ctx(of) {
            if (ctx.full) throw impossible{};
            ctx.recorded = true, work(), ctx.recorded = false;
        }
        void replay() const { ++ctx.replays; }
        recorder& ctx;
    };
    int precision = 0, replays = 0;
    bool recorded = false, may_record = true, full = false;
    std::vector<work_key> keys;
    void add_to(work_key& key) const { key.add(precision); }
    void record(const work_key& key, auto&& work) { keys.push_back(key), work(); }
};

} // namespace

TEST_CASE("the fields of a struct are counted and met in order", "[core]") {
    STATIC_REQUIRE(field_count<pair_of_views> == 2);
    STATIC_REQUIRE(field_count<many> == 7);
    struct three {
        int a = 1, b = 2, c = 3;
    } of;
    std::string met;
    each_field(of, [&](int& field) { met += std::to_string(field++); });
    CHECK(met == "123");
    CHECK(of.c == 4);
}

TEST_CASE("two keys are equal when everything in them is", "[core]") {
    float memory[6] = {}, other[6] = {};
    const many one{
        3,      0.5f,  true, colour::green, {view<const float, dynamic, 3>(memory, 2), view<float, 2>(memory)},
        memory, {1, 2}};
    CHECK(work_key(one) == work_key(many(one)));
    const auto differs = [&](auto change) {
        many changed = one;
        change(changed);
        CHECK(work_key(one) != work_key(changed));
    };
    differs([](many& m) { m.count = 4; });
    differs([](many& m) { m.share = 0.25f; });
    differs([](many& m) { m.twice = false; });
    differs([](many& m) { m.of = colour::red; });
    differs([&](many& m) { m.views.first = view<const float, dynamic, 3>(memory, 1); });
    differs([&](many& m) { m.views.second = view<float, 2>(other); });
    differs([&](many& m) { m.place = other; });
    differs([](many& m) { m.levels[1] = 3; });
    differs([](many& m) { m.levels.pop_back(); });
    CHECK(work_key(secret(1)) == work_key(secret(1)));
    CHECK(work_key(secret(1)) != work_key(secret(2)));
    CHECK(work_key(std::vector<int>{1}, std::vector<int>{}) != work_key(std::vector<int>{}, std::vector<int>{1}));
}

TEST_CASE("recorded work is known by the context and by all that it is given", "[core]") {
    recorder ctx;
    int calls = 0;
    int* const count = &calls;
    const auto work = [](recorder&, int* counter, float) { ++*counter; };
    record_work(ctx, true, work, count, 1.0f);
    record_work(ctx, true, work, count, 1.0f);
    record_work(ctx, true, work, count, 2.0f);
    ctx.precision = 1;
    record_work(ctx, true, work, count, 1.0f);
    record_work(ctx, false, work, count, 1.0f);
    CHECK(calls == 5);
    REQUIRE(ctx.keys.size() == 4);
    CHECK(ctx.keys[0] == ctx.keys[1]);
    CHECK(ctx.keys[0] != ctx.keys[2]);
    CHECK(ctx.keys[0] != ctx.keys[3]);
}

TEST_CASE("repeated work runs, is recorded and is replayed, and runs again when its context has changed", "[core]") {
    recorder ctx;
    int calls = 0;
    bool fails = true;
    recorded step(ctx, [&] {
        ++calls;
        if (fails) throw error("no");
    });
    CHECK_THROWS_AS(step(), error); // a first call that fails was none
    fails = false;
    step();
    CHECK(calls == 2);
    for (int i = 0; i < 3; ++i) step();
    CHECK(calls == 3);
    CHECK(ctx.replays == 3);
    ctx.precision = 1;
    step();
    CHECK(calls == 4);
    CHECK(ctx.replays == 3);
    for (int i = 0; i < 2; ++i) step();
    CHECK(calls == 5);
    CHECK(ctx.replays == 5);
    ctx.precision = 2, ctx.full = true; // no room for a record: it runs
    for (int i = 0; i < 3; ++i) step();
    CHECK(calls == 8);
    ctx.full = false;
    for (int i = 0; i < 2; ++i) step();
    CHECK(calls == 9);
    CHECK(ctx.replays == 7);
}

TEST_CASE("coarse counts are few, and not much larger than the counts", "[core]") {
    std::int64_t last = 0;
    int different = 0;
    for (std::int64_t count = 1; count <= 4096; ++count) {
        const std::int64_t padded = coarse(count);
        CHECK((padded >= count && 2 * padded <= 3 * count + 1));
        CHECK(padded >= last);
        different += padded != last;
        last = padded;
    }
    CHECK(different == 24);
    CHECK(coarse(0) == 1);
}
