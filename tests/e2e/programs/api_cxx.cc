/* api.c as a program in C++. */
#include "api.c"
