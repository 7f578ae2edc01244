# trace_build: what every target of this project is compiled with. Linked PRIVATE by each of them.
add_library(trace_build INTERFACE)
target_compile_options(trace_build INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wconversion -Wundef -Wvla
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)
target_compile_definitions(trace_build INTERFACE _GNU_SOURCE)

# trace_sanitize: for everything but the preloaded library, which would fight the sanitizer's own
# malloc. Empty unless LIBTRACE_SANITIZE is set.
add_library(trace_sanitize INTERFACE)
if(LIBTRACE_SANITIZE)
  target_compile_options(trace_sanitize INTERFACE
    -fsanitize=${LIBTRACE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(trace_sanitize INTERFACE -fsanitize=${LIBTRACE_SANITIZE})
endif()
