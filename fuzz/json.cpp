// A document, and the numbers and texts in it.
#include "file_of.hpp"

#include <walt/io/json.hpp>

void test(std::span<const std::uint8_t> bytes) {
    fuzz::may_refuse([&] {
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const walt::json document = walt::json::parse("a text", text);
        const std::string again = document.text();
        fuzz::holds(walt::json::parse("its own text", again).text() == again);
        document.each([](const std::string&, const walt::json& value) { value.natural(); });
    });
}
