// Package quiet looks for what makes measurements on a machine vary (Check), and changes, where it is
// asked to, those settings that a program can put back as they were (Tune). What it cannot change, such
// as other programs or a hypervisor's other guests, it only names.
package quiet
