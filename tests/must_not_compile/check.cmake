# Compiles SOURCE (with the OPTION that keeps its lines out of the messages) and checks what comes of it against its
# first lines, either
#   // expect: words of a sentence      must stand in the compiler's first error
#   // values: 16 7                     numbers that the output must name (beside places in files and quoted source)
# and that all of it is short, or
#   // compiles                         the control: the same without the mistake
set(most_lines 20) # of all that the compiler says: where it comes from, the sentence, and little behind it
file(STRINGS ${SOURCE} lines LIMIT_COUNT 2)
list(GET lines 0 first)
execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${OPTION} -I${INCLUDE} ${SOURCE}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(first STREQUAL "// compiles")
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${SOURCE} must compile, but the compiler says\n${output}")
    endif()
    return()
endif()

if(NOT first MATCHES "^// expect: (.+)$")
    message(FATAL_ERROR "${SOURCE}: the first line must be '// expect: <words of the error>' or '// compiles', and is '${first}'")
endif()
set(sentence "${CMAKE_MATCH_1}")
if(status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} must not compile, but does; expected was the error '${sentence}'")
endif()

string(REGEX MATCHALL "\n" lines "${output}")
list(LENGTH lines lines)
if(lines GREATER most_lines)
    message(FATAL_ERROR "${SOURCE}: the compiler may say ${most_lines} lines, and says ${lines}:\n${output}")
endif()

string(FIND "${output}" "error: " begin)
if(begin EQUAL -1)
    message(FATAL_ERROR "${SOURCE}: the compiler failed without an error:\n${output}")
endif()
string(SUBSTRING "${output}" ${begin} -1 error)
string(FIND "${error}" "\n" end)
string(SUBSTRING "${error}" 0 ${end} error)
string(FIND "${error}" "${sentence}" found)
if(found EQUAL -1)
    message(FATAL_ERROR "${SOURCE}: the first error must say '${sentence}', but is\n${error}\nin\n${output}")
endif()

file(STRINGS ${SOURCE} values REGEX "^// values: " LIMIT_COUNT 1)
string(REGEX MATCHALL "-?[0-9]+" values "${values}")
string(REGEX REPLACE ":[0-9]+:[0-9]+:" ":" named "${output}")
foreach(value IN LISTS values)
    if(NOT " ${named} " MATCHES "[^0-9]${value}[^0-9]")
        message(FATAL_ERROR "${SOURCE}: the compiler's output must name ${value}, but is\n${output}")
    endif()
endforeach()
